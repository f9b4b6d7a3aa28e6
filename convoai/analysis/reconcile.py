"""New facts against known ones: a plan, without a database.

What a person confirmed, corrected or rejected outranks any analysis. The same value heard again
confirms; a newer value of a single-valued key supersedes the older one; many-valued keys add up;
a contradiction that is not sure enough is doubtful and goes to review.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from convoai.analysis.result import FactFound
from convoai.analysis.values import is_near, normalised

Review = Literal["unreviewed", "needs_review", "confirmed", "corrected", "rejected"]
Action = Literal["add", "confirm", "supersede", "duplicate", "doubtful", "past"]

DECIDED = frozenset({"confirmed", "corrected"})
# Below this a fact may not close another one; nor when it is so much less sure than that one.
SURE = 0.6
FAR_LESS_SURE = 0.3


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A stored fact; `since` is when it became true or was heard, `id` is its row."""

    id: int
    fact_key: str
    fact_value: str
    subject: str = "partner"
    many_valued: bool = False
    confidence: float = 1.0
    review: Review = "unreviewed"
    is_current: bool = True
    since: datetime | None = None
    original_value: str = ""
    source_message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What to do with one new fact.

    add: store it. confirm: `known` is heard again (raise its confidence, keep its value).
    supersede: store it and close `known`. duplicate: nothing, it stands there already or was
    rejected. doubtful: store it for review, not current. past: store it closed, for `known` is
    newer. `known` is the row meant; `earlier` the step of this plan whose fact is meant instead.
    """

    action: Action
    fact: FactFound
    known: int | None = None
    earlier: int | None = None


@dataclass(slots=True)
class _Entry:
    """A value of one key as it stands while the plan is made."""

    value: str
    original: str
    many_valued: bool
    confidence: float
    review: Review
    is_current: bool
    since: datetime | None
    known: int | None
    earlier: int | None
    message: int | None


def reconcile(
    known: Iterable[KnownFact], new: Sequence[FactFound], heard_at: datetime
) -> list[Step]:
    """The plan for the new facts of one talk, one step each and in their order.

    `known` are the partner's facts, closed and rejected ones too; `heard_at` is when the talk was.
    """
    entries: dict[tuple[str, str], list[_Entry]] = defaultdict(list)
    for stored in known:
        entries[_key(stored.subject, stored.fact_key)].append(_entry_of(stored))
    steps: list[Step] = []
    for fact in new:
        same_key = entries[_key(fact.subject, fact.fact_key)]
        steps.append(_step(same_key, fact, heard_at, place=len(steps)))
    return steps


def _key(subject: str, fact_key: str) -> tuple[str, str]:
    return subject.casefold(), fact_key.casefold()


def _entry_of(fact: KnownFact) -> _Entry:
    return _Entry(
        value=fact.fact_value,
        original=fact.original_value,
        many_valued=fact.many_valued,
        confidence=fact.confidence,
        review=fact.review,
        is_current=fact.is_current,
        since=fact.since,
        known=fact.id,
        earlier=None,
        message=fact.source_message_id,
    )


def _step(entries: list[_Entry], fact: FactFound, heard_at: datetime, place: int) -> Step:
    """The step for one fact; keeps the entries as they will stand after it."""
    since = fact.valid_from or heard_at
    heard = _heard(entries, fact)
    if heard and (
        heard.is_current or heard.review in {"rejected", "needs_review"} or fact.many_valued
    ):
        return _again(heard, fact)
    if heard and heard.review == "corrected":
        return Step("duplicate", fact, heard.known, heard.earlier)
    rivals = [] if fact.many_valued else [e for e in entries if e.is_current and not e.many_valued]
    action, rival = _against(rivals, fact, since)
    if heard and (action == "past" or heard.message == fact.source_message_id):
        return Step("duplicate", fact, heard.known, heard.earlier)
    entries.append(_entry_of_new(fact, since, place, current=action in {"add", "supersede"}))
    if action == "doubtful":
        entries[-1].review = "needs_review"
    if action == "supersede":
        for closed in rivals:
            closed.is_current = False
    return Step(action, fact, rival.known if rival else None, rival.earlier if rival else None)


def _heard(entries: Sequence[_Entry], fact: FactFound) -> _Entry | None:
    """The entry that says what the fact says; a current one before a closed one."""
    value = normalised(fact.fact_value)
    same = [
        entry
        for entry in entries
        if value in {normalised(entry.value), normalised(entry.original or entry.value)}
        or is_near(entry.value, fact.fact_value)
    ]
    return max(same, key=lambda e: (e.review == "rejected", e.is_current), default=None)


def _again(heard: _Entry, fact: FactFound) -> Step:
    """A value that is known: confirmed by a new message, otherwise nothing new."""
    repeated = heard.earlier is not None or heard.message == fact.source_message_id
    decided = heard.review not in {"unreviewed", "needs_review"}
    action: Action = "duplicate" if repeated or decided or not heard.is_current else "confirm"
    return Step(action, fact, heard.known, heard.earlier)


def _against(
    rivals: Sequence[_Entry], fact: FactFound, since: datetime
) -> tuple[Action, _Entry | None]:
    """What a new value does to the current ones of a single-valued key."""
    if not rivals:
        return "add", None
    rival = max(rivals, key=lambda e: (e.review in DECIDED, e.confidence))
    if rival.review in DECIDED:
        return "doubtful", rival
    if fact.confidence < SURE or rival.confidence - fact.confidence > FAR_LESS_SURE:
        return "doubtful", rival
    if rival.since is not None and since < rival.since:
        return "past", rival
    return "supersede", rival


def _entry_of_new(fact: FactFound, since: datetime, place: int, current: bool) -> _Entry:
    return _Entry(
        value=fact.fact_value,
        original="",
        many_valued=fact.many_valued,
        confidence=fact.confidence,
        review="unreviewed",
        is_current=current,
        since=since,
        known=None,
        earlier=place,
        message=fact.source_message_id,
    )
