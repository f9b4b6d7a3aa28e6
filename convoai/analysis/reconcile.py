"""New facts against known ones: a plan, without a database.

What a person confirmed, corrected or rejected outranks any analysis. The same value heard again
confirms; a newer value of a single-valued key supersedes the older one; many-valued keys add up;
a contradiction that is not sure enough is doubtful and goes to review.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from convoai.analysis.near import NearValues
from convoai.analysis.result import FactFound
from convoai.analysis.values import mean_nearly_the_same, meant, normalised

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


class _Entries:
    """The values of one key, found by what they say; `rivals` are the current ones of which there
    can be one only."""

    def __init__(self, rarity: Mapping[str, int]) -> None:
        self.rivals: list[_Entry] = []
        self._all: list[_Entry] = []
        self._words: list[frozenset[str]] = []
        self._places: dict[str, list[int]] = defaultdict(list)
        self._near = NearValues(rarity)

    def add(self, entry: _Entry) -> None:
        place, said, words = len(self._all), normalised(entry.value), meant(entry.value)
        self._all.append(entry)
        self._words.append(words)
        for value in {said, normalised(entry.original)} if entry.original else {said}:
            self._places[value].append(place)
        self._near.add(place, words)
        if entry.is_current and not entry.many_valued:
            self.rivals.append(entry)

    def heard(self, fact: FactFound) -> _Entry | None:
        """The entry that says what the fact says; a current one before a closed one."""
        value = normalised(fact.fact_value)
        words = meant(fact.fact_value)
        places = set(self._places.get(value, ()))
        near = self._near.candidates(words)
        places.update(place for place in near if mean_nearly_the_same(self._words[place], words))
        same = [self._all[place] for place in sorted(places)]
        return max(same, key=lambda e: (e.review == "rejected", e.is_current), default=None)

    def close_rivals(self) -> None:
        for entry in self.rivals:
            entry.is_current = False
        self.rivals = []


def reconcile(
    known: Iterable[KnownFact], new: Sequence[FactFound], heard_at: datetime
) -> list[Step]:
    """The plan for the new facts of one talk, one step each and in their order.

    `known` are the partner's facts, closed and rejected ones too; `heard_at` is when the talk was.
    Takes time in proportion to the number of facts, as long as their words differ.
    """
    asked = {_key(fact.subject, fact.fact_key) for fact in new}
    stored = [fact for fact in known if _key(fact.subject, fact.fact_key) in asked]
    values = [*(fact.fact_value for fact in stored), *(fact.fact_value for fact in new)]
    rarity = Counter(word for value in values for word in meant(value))
    entries: dict[tuple[str, str], _Entries] = defaultdict(lambda: _Entries(rarity))
    for fact in stored:
        entries[_key(fact.subject, fact.fact_key)].add(_entry_of(fact))
    steps: list[Step] = []
    for found in new:
        same_key = entries[_key(found.subject, found.fact_key)]
        steps.append(_step(same_key, found, heard_at, place=len(steps)))
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


def _step(entries: _Entries, fact: FactFound, heard_at: datetime, place: int) -> Step:
    """The step for one fact; keeps the entries as they will stand after it."""
    since = fact.valid_from or heard_at
    heard = entries.heard(fact)
    if heard and (
        heard.is_current or heard.review in {"rejected", "needs_review"} or fact.many_valued
    ):
        return _again(heard, fact)
    if heard and heard.review == "corrected":
        return Step("duplicate", fact, heard.known, heard.earlier)
    action, rival = _against([] if fact.many_valued else entries.rivals, fact, since)
    if heard and (action == "past" or heard.message == fact.source_message_id):
        return Step("duplicate", fact, heard.known, heard.earlier)
    if action == "supersede":
        entries.close_rivals()
    entries.add(_entry_of_new(fact, since, place, action))
    return Step(action, fact, rival.known if rival else None, rival.earlier if rival else None)


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
    if fact.confidence < SURE or rival.confidence - fact.confidence > FAR_LESS_SURE:
        return "doubtful", rival
    if rival.since is not None and since < rival.since:
        return "past", rival
    return "doubtful" if rival.review in DECIDED else "supersede", rival


def _entry_of_new(fact: FactFound, since: datetime, place: int, action: Action) -> _Entry:
    return _Entry(
        value=fact.fact_value,
        original="",
        many_valued=fact.many_valued,
        confidence=fact.confidence,
        review="needs_review" if action == "doubtful" else "unreviewed",
        is_current=action in {"add", "supersede"},
        since=since,
        known=None,
        earlier=place,
        message=fact.source_message_id,
    )
