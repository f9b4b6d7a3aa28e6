"""Lines of a briefing: a text, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from convoai.briefing.known import Known
from convoai.briefing.talks import Talk
from convoai.briefing.wording import sentence


@dataclass(frozen=True, slots=True)
class Line:
    """`date` is the day that the line is about, `confidence` is 0 to 1, `age_days` since heard.

    `promise` is the number of a promise in its conversation, by which it is marked as kept.
    """

    text: str
    date: date | None = None
    confidence: float | None = None
    age_days: int | None = None
    fact_ids: list[int] = field(default_factory=list)
    message_ids: list[int] = field(default_factory=list)
    conversation_ids: list[int] = field(default_factory=list)
    is_pinned: bool = False
    promise: int | None = None


def line_of_facts(text: str, *facts: Known, moment: datetime, on: date | None = None) -> Line:
    """A line that rests on facts, the most important first; it is as sure and as old as that."""
    first = facts[0]
    return Line(
        text=text,
        date=on,
        confidence=first.confidence,
        age_days=max(0, (moment - first.learned_at).days),
        fact_ids=[fact.id for fact in facts],
        message_ids=_distinct(fact.message_id for fact in facts),
        conversation_ids=_distinct(fact.conversation_id for fact in facts),
        is_pinned=first.is_pinned_at(moment),
    )


def line_of_talk(text: str, talk: Talk, *facts: Known, on: date | None = None) -> Line:
    """A line that rests on a talk, and perhaps on facts that were told there."""
    return Line(
        text=text,
        date=on,
        fact_ids=[fact.id for fact in facts],
        message_ids=_distinct(fact.message_id for fact in facts),
        conversation_ids=_distinct([talk.id, *(fact.conversation_id for fact in facts)]),
    )


def worded(fact: Known, partner_name: str) -> str:
    """The fact as a sentence about the partner or the third person that it is about."""
    if fact.subject == "user":
        return f"About you: {fact.value.strip().rstrip('.')} ({fact.key.replace('_', ' ')})"
    name = partner_name if fact.subject == "partner" else fact.subject
    return sentence(name, fact.key, fact.value, origin=fact.origin, review=fact.review)


def _distinct(ids: Iterable[int | None]) -> list[int]:
    return list(dict.fromkeys(one for one in ids if one is not None))
