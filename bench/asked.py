"""Loads LoCoMo dialogues as somebody's conversations, with the questions asked about them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locomo import Dialogue, Said, Session, read_dialogues

if TYPE_CHECKING:
    from convoai.accounts.models import User

EMAIL = "bench-retrieval@example.org"
EVIDENCE = re.compile(r"D:?(\d+):(\d+)")


@dataclass(frozen=True)
class Asked:
    """A question and the ids of the messages that answer it."""

    text: str
    category: int
    evidence: frozenset[int]


@dataclass
class Loaded:
    """One dialogue in the database: its partner, its questions, and the talk of each message."""

    name: str
    user_id: int
    partner_id: int
    talk_of: dict[int, int] = field(default_factory=dict)
    questions: list[Asked] = field(default_factory=list)


def load(path: Path, *, labels: bool, embed: bool) -> Iterator[Loaded]:
    """Store each dialogue as one partner's conversations of a user of its own, anew.

    `labels`: whether messages carry their speaker's name; without them only partner and user do.
    Questions whose evidence names no message are left out.
    """
    entries = json.loads(path.read_text(encoding="utf-8"))
    for entry, dialogue in zip(entries, read_dialogues(path), strict=True):
        yield _load(entry, dialogue, labels=labels, embed=embed)


def _load(entry: dict[str, Any], dialogue: Dialogue, *, labels: bool, embed: bool) -> Loaded:
    from conversations.models import Message
    from convoai.accounts.models import User
    from partners.services import create_partner

    name = str(entry["sample_id"])
    email = EMAIL.replace("@", f"-{name}@")
    User.objects.filter(email=email).delete()
    user = User.objects.create_user(email, entry["conversation"]["speaker_a"])
    partner = create_partner(user=user, name=dialogue.partner)
    loaded = Loaded(name, user.pk, partner.pk)
    ids: dict[str, int] = {}
    for session in dialogue.sessions:
        talk = _store(user, partner, session, labels=labels, embed=embed)
        stored = iter(
            Message.objects.filter(conversation=talk).in_order().values_list("pk", flat=True)
        )
        number = session.external_id.rpartition("/")[2]
        for turn in entry["conversation"][f"session_{number}"]:
            if turn["text"].strip():
                ids[turn["dia_id"]] = pk = next(stored)
                loaded.talk_of[pk] = talk.pk
    loaded.questions = [asked for asked in _questions(entry, ids) if asked.evidence]
    return loaded


def _store(user: User, partner: Any, session: Session, *, labels: bool, embed: bool) -> Any:
    from django.conf import settings

    from conversations.services.conversations import create_conversation

    settings.EMBEDDER = "wordllama" if embed else "none"
    talk, _ = create_conversation(
        user=user,
        partner=partner,
        title=session.title,
        started_at=session.started_at,
        messages=[_message(said, labels=labels) for said in session.messages],
    )
    return talk


def _message(said: Said, *, labels: bool) -> dict[str, Any]:
    return {
        "sender": said.sender,
        "speaker": said.speaker if labels else "",
        "content": said.content,
        "timestamp": said.timestamp,
    }


def _questions(entry: dict[str, Any], ids: dict[str, int]) -> Iterator[Asked]:
    for asked in entry["qa"]:
        named = {
            f"D{int(match[1])}:{int(match[2])}"
            for text in asked.get("evidence") or []
            for match in EVIDENCE.finditer(text)
        }
        evidence = frozenset(ids[name] for name in named if name in ids)
        yield Asked(str(asked["question"]), int(asked["category"]), evidence)
