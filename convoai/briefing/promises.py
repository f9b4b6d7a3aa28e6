"""Promises that are still open: who gave them, and until when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from conversations.models import Message
from conversations.promises import Promise, promises_of
from convoai.briefing.lines import Line
from convoai.briefing.talks import Talk
from convoai.briefing.wording import told_to
from partners.models import ConversationPartner

SHOWN = 20
Side = Literal["yours", "theirs", "others"]
SIDES: dict[str, Side] = {"user": "yours", "partner": "theirs"}


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise and the talk it was given in."""

    promise: Promise
    talk: Talk


def open_promises(
    talks: Iterable[Talk], partner: ConversationPartner, moment: datetime | None
) -> list[Promised]:
    """The promises of the talks that were open at the moment (None: now), in their order.

    The same words twice are one promise. One whose words no longer stand in its message is left
    out; one query, if any promise names its message.
    """
    found: dict[tuple[str, str], Promised] = {}
    for talk in talks:
        for promise in promises_of(talk.promises, partner.name, talk.analyzer):
            if promise.is_open_at(moment):
                key = (promise.who.casefold(), promise.text.casefold())
                found.setdefault(key, Promised(promise, talk))
    said = _messages(partner.user_id, [one.promise for one in found.values()])
    return [one for one in found.values() if _stands(one.promise, said)]


def lines_of_promises(
    promised: Iterable[Promised], owner_name: str, moment: datetime
) -> dict[Side, list[Line]]:
    """A line for each promise, by who is to keep it."""
    lines: dict[Side, list[Line]] = {"yours": [], "theirs": [], "others": []}
    for one in promised:
        side = lines[SIDES.get(one.promise.who, "others")]
        if len(side) < SHOWN:
            side.append(_line(one.promise, one.talk, owner_name, moment))
    return lines


def _line(promise: Promise, talk: Talk, owner_name: str, moment: datetime) -> Line:
    text = promise.text
    if promise.who == "user":
        told = told_to(owner_name, text)
        # What an analyzer says of the owner is theirs.
        text = text if told == text else re.sub(r"\btheir\b", "your", told)
    if promise.due:
        due = f"{promise.due.day} {promise.due:%B %Y}"
        if promise.due < moment.date():
            text = f"{text} (overdue)" if due in text else f"{text} (was due {due})"
        elif due not in text:
            text = f"{text} (by {due})"
    return Line(
        text=text,
        date=promise.due,
        age_days=max(0, (moment - talk.started_at).days),
        message_ids=[] if promise.message_id is None else [promise.message_id],
        conversation_ids=[talk.id],
        promise=promise.number,
    )


def _messages(user_id: int, promises: Iterable[Promise]) -> dict[int, str]:
    ids = {promise.message_id for promise in promises if promise.message_id is not None}
    if not ids:
        return {}
    return dict(Message.objects.filter(user_id=user_id, pk__in=ids).values_list("pk", "content"))


def _stands(promise: Promise, said: Mapping[int, str]) -> bool:
    return promise.message_id is None or promise.quote in said.get(promise.message_id, "")
