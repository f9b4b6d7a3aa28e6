"""The pages of an archive that a person reads: one for each partner and each conversation."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from conversations.models import Conversation, ConversationTopic, ExtractedFact, Message
from convoai.accounts.models import User
from partners.models import ConversationPartner

CHUNK = 2_000
SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")
UNSAFE = re.compile(r"[^\w-]+")
LONGEST_NAME = 40


def pages_of(user: User) -> Iterator[tuple[str, str]]:
    """(path, Markdown) of every page. What people said is escaped, so that it shows as it is."""
    names = dict(ConversationPartner.objects.owned_by(user).values_list("pk", "name"))
    yield from _partner_pages(user)
    yield from _talk_pages(user, names)


def _partner_pages(user: User) -> Iterator[tuple[str, str]]:
    partners = ConversationPartner.objects.owned_by(user).order_by("pk")
    facts = _by_partner(
        ExtractedFact.objects.owned_by(user)
        .filter(is_current=True)
        .exclude(review="rejected")
        .order_by("partner_id", "fact_key", "pk")
        .values_list("partner_id", "fact_key", "fact_value", "quote")
    )
    talks = _by_partner(
        Conversation.objects.owned_by(user)
        .order_by("partner_id", "started_at", "pk")
        .values_list("partner_id", "pk", "title", "started_at")
    )
    columns = ("pk", "name", "relationship", "email", "phone", "notes")
    for pk, name, *rest in partners.values_list(*columns).iterator(chunk_size=CHUNK):
        lines = [f"# {plain(name)}", ""]
        for label, value in zip(("Relationship", "Email", "Phone"), rest[:3], strict=True):
            if value:
                lines.append(f"- {label}: {plain(value)}")
        if rest[3]:
            lines += ["", plain(rest[3])]
        known = facts.get(pk, [])
        if known:
            lines += ["", "## Known", ""]
            lines += [
                f"- {plain(key.replace('_', ' '))}: {plain(value)}"
                f"{f' ({plain(quote)})' if quote else ''}"
                for key, value, quote in known
            ]
        if pk in talks:
            lines += ["", "## Conversations", ""]
            lines += [
                f"- {started:%Y-%m-%d}: [{plain(talk_title(title, started))}]"
                f"(../conversations/{page_name(talk, title)})"
                for talk, title, started in talks[pk]
            ]
        yield f"partners/{page_name(pk, name)}", "\n".join(lines) + "\n"


def _by_partner(rows: Any) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for partner, *rest in rows.iterator(chunk_size=CHUNK):
        found[partner].append(tuple(rest))
    return found


def _talk_pages(user: User, names: dict[int, str]) -> Iterator[tuple[str, str]]:
    talks = Conversation.objects.owned_by(user).order_by("pk")
    said = _Groups(
        Message.objects.owned_by(user)
        .order_by("conversation_id", "position")
        .values_list("conversation_id", "timestamp", "speaker", "sender", "content")
    )
    topics = _Groups(
        ConversationTopic.objects.owned_by(user)
        .order_by("conversation_id", "-relevance_score", "topic__name")
        .values_list("conversation_id", "topic__name")
    )
    columns = ("pk", "partner_id", "title", "started_at", "summary", "full_transcript")
    for pk, partner, title, started, summary, transcript in talks.values_list(*columns).iterator(
        chunk_size=100
    ):
        lines = [f"# {plain(talk_title(title, started))}", ""]
        lines.append(f"With {plain(names[partner])}, {started:%Y-%m-%d %H:%M} UTC.")
        found = [plain(name) for (name,) in topics.rows(pk)]
        if found:
            lines.append(f"Topics: {', '.join(found)}.")
        if summary:
            lines += ["", plain(summary)]
        lines.append("")
        messages = said.rows(pk)
        day = started.date()
        for moment, speaker, sender, content in messages:
            if moment.date() != day:
                day = moment.date()
                lines += [f"## {day}", ""]
            who = speaker or ("You" if sender == "user" else names[partner])
            lines += [f"**{plain(who)}** ({moment:%H:%M}): {plain(content)}", ""]
        if transcript and not messages:
            lines += [plain(transcript), ""]
        yield f"conversations/{page_name(pk, title)}", "\n".join(lines)


class _Groups:
    """Rows of a table beside those of another that is walked in the same order."""

    def __init__(self, rows: Any) -> None:
        self._groups = groupby(rows.iterator(chunk_size=CHUNK), key=itemgetter(0))
        self._next = next(self._groups, None)

    def rows(self, number: int) -> list[tuple[Any, ...]]:
        """What belongs to the number, which is higher than that of the call before."""
        while self._next is not None and self._next[0] < number:
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != number:
            return []
        found = [row[1:] for row in self._next[1]]
        self._next = next(self._groups, None)
        return found


def talk_title(title: str | None, started: datetime) -> str:
    return title or f"Conversation of {started:%Y-%m-%d}"


def page_name(pk: int, name: str | None) -> str:
    """A file name that says whose page it is; the id keeps it apart from others."""
    words = UNSAFE.sub("-", (name or "").casefold()).strip("-")[:LONGEST_NAME].strip("-")
    return f"{pk}-{words}.md" if words else f"{pk}.md"


def plain(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)
