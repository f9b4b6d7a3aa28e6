"""The talks with a partner, as far as a briefing needs them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from conversations.models import Conversation
from partners.models import ConversationPartner

TALKS_USED = 5
PROMISING_USED = 50
LONGEST_LINE = 200
COLUMNS = (
    "pk",
    "title",
    "summary",
    "started_at",
    "is_analyzed",
    "analyzer",
    "suggested_questions",
    "action_items",
)


@dataclass(frozen=True, slots=True)
class Talk:
    """One talk; the fields are the columns above in their order."""

    id: int
    title: str | None
    summary: str | None
    started_at: datetime
    is_analyzed: bool
    analyzer: str | None
    questions: Any
    promises: Any


@dataclass(frozen=True, slots=True)
class Talks:
    """How often there were talks, the first of them (id, time), the newest, newest first.

    `promising` are those in which something was promised, newest first.
    """

    count: int
    first: tuple[int, datetime] | None
    newest: list[Talk]
    promising: list[Talk]


def talks_with(partner: ConversationPartner, moment: datetime | None) -> Talks:
    """The talks up to a moment (None: all of them); four queries, and no transcript is read."""
    talks = Conversation.objects.filter(user_id=partner.user_id, partner=partner)
    if moment is not None:
        talks = talks.filter(started_at__lte=moment)
    newest = talks.newest_first().values_list(*COLUMNS)
    promising = newest.exclude(action_items=[])
    return Talks(
        count=talks.count(),
        first=talks.order_by("started_at", "pk").values_list("pk", "started_at").first(),
        newest=[Talk(*row) for row in newest[:TALKS_USED]],
        promising=[Talk(*row) for row in promising[:PROMISING_USED]],
    )


def two_lines(talk: Talk) -> list[str]:
    """What the talk was about in at most two lines of 200 characters."""
    summary = " ".join((talk.summary or "").split())
    if not summary:
        missing = "No summary" if talk.is_analyzed else "Not analysed yet"
        return [f"{talk.title or 'A talk'}: {missing.lower()}."]
    sentences = re.split(r"(?<=[.!?])\s+(?=[^a-z])", summary, maxsplit=2)
    return [shortened(sentence) for sentence in sentences[:2]]


def shortened(text: str) -> str:
    """The text in at most 200 characters, cut at a word."""
    if len(text) <= LONGEST_LINE:
        return text
    return text[: LONGEST_LINE - 1].rsplit(" ", 1)[0] + "…"
