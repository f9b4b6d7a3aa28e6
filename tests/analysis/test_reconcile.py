"""New facts against known ones: examples, and rules that hold for any of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from convoai.analysis.reconcile import KnownFact, Review, Step, reconcile
from convoai.analysis.result import FactFound

THEN = datetime(2023, 1, 10, tzinfo=UTC)
NOW = datetime(2023, 5, 10, tzinfo=UTC)


def found(
    value: str,
    key: str = "home_city",
    *,
    confidence: float = 0.9,
    subject: str = "partner",
    many_valued: bool = False,
    message: int = 100,
    valid_from: datetime | None = None,
) -> FactFound:
    return FactFound(
        "personal", key, value, confidence, subject, value, 0, message, many_valued, valid_from
    )


def known(value: str, key: str = "home_city", **changes: Any) -> KnownFact:
    return replace(KnownFact(1, key, value, since=THEN), **changes)


def plan(facts: list[KnownFact], *new: FactFound) -> list[tuple[str, int | None]]:
    return [(step.action, step.known) for step in reconcile(facts, new, NOW)]


def test_a_new_key_is_added() -> None:
    assert plan([], found("Lyon")) == [("add", None)]
    assert plan([known("Lyon")], found("Acme", "employer")) == [("add", None)]


def test_the_same_value_of_another_message_confirms() -> None:
    assert plan([known("Lyon")], found(" LYON! ")) == [("confirm", 1)]


def test_the_same_value_of_the_same_message_is_a_duplicate() -> None:
    assert plan([known("Lyon", source_message_id=100)], found("Lyon")) == [("duplicate", 1)]


def test_the_same_value_twice_in_a_talk_is_a_duplicate() -> None:
    steps = reconcile([], [found("Lyon"), found("lyon", message=101)], NOW)
    assert [(step.action, step.earlier) for step in steps] == [("add", None), ("duplicate", 0)]


def test_a_newer_value_supersedes_the_older_one() -> None:
    assert plan([known("Lyon")], found("Marseille")) == [("supersede", 1)]


def test_of_two_values_in_a_talk_the_later_stands() -> None:
    steps = reconcile([known("Lyon")], [found("Nice"), found("Marseille")], NOW)
    assert [(step.action, step.known, step.earlier) for step in steps] == [
        ("supersede", 1, None),
        ("supersede", None, 0),
    ]


def test_an_older_value_becomes_the_past_of_the_newer_one() -> None:
    newer = known("Marseille", since=NOW)
    assert plan([newer], found("Lyon", valid_from=THEN)) == [("past", 1)]
    earlier = NOW - timedelta(days=30)
    assert [step.action for step in reconcile([newer], [found("Lyon")], earlier)] == ["past"]


def test_a_value_that_returns_supersedes_what_came_between() -> None:
    lyon = known("Lyon", is_current=False)
    marseille = replace(known("Marseille"), id=2)
    assert plan([lyon, marseille], found("Lyon")) == [("supersede", 2)]


def test_many_valued_facts_add_up() -> None:
    rex = known("Rex, a dog", "pet", many_valued=True)
    assert plan([rex], found("Miso, a cat", "pet", many_valued=True)) == [("add", None)]
    assert plan([rex], found("Rex, a dog", "pet", many_valued=True)) == [("confirm", 1)]


def test_a_paraphrase_of_a_longer_value_confirms() -> None:
    event = known("adopted a guinea pig from the shelter in Ghent", "event", many_valued=True)
    again = found("adopted guinea pig from a shelter in Ghent", "event", many_valued=True)
    assert plan([event], again) == [("confirm", 1)]
    denied = found(
        "never adopted a guinea pig from the shelter in Ghent", "event", many_valued=True
    )
    assert plan([event], denied) == [("add", None)]


def test_an_unsure_contradiction_is_doubtful() -> None:
    assert plan([known("Lyon")], found("Nice", confidence=0.5)) == [("doubtful", 1)]
    sure = known("Lyon", confidence=0.98)
    assert plan([sure], found("Nice", confidence=0.65)) == [("doubtful", 1)]


def test_a_doubtful_value_closes_nothing() -> None:
    steps = reconcile([known("Lyon")], [found("Nice", confidence=0.5), found("Lyon")], NOW)
    assert [step.action for step in steps] == ["doubtful", "confirm"]


def test_what_a_person_confirmed_or_corrected_is_not_superseded() -> None:
    reviews: tuple[Review, ...] = ("confirmed", "corrected")
    for review in reviews:
        assert plan([known("Lyon", review=review)], found("Nice")) == [("doubtful", 1)]
        assert plan([known("Lyon", review=review)], found("Lyon")) == [("duplicate", 1)]


def test_an_older_value_is_the_past_of_one_that_a_person_confirmed() -> None:
    confirmed = known("Lyon", review="confirmed", since=NOW)
    assert plan([confirmed], found("Nice", valid_from=THEN)) == [("past", 1)]
    timeless = known("Lyon", review="confirmed", since=None)
    assert plan([timeless], found("Nice", valid_from=THEN)) == [("doubtful", 1)]


def test_what_was_corrected_does_not_come_back_as_it_was_heard() -> None:
    corrected = known("Lyon", review="corrected", original_value="Leon")
    assert plan([corrected], found("Leon")) == [("duplicate", 1)]


def test_what_was_rejected_does_not_come_back() -> None:
    rejected = known("Lyon", review="rejected", is_current=False)
    assert plan([rejected], found("Lyon")) == [("duplicate", 1)]
    assert plan([rejected], found("Nice")) == [("add", None)]


def test_subjects_are_kept_apart() -> None:
    assert plan([known("Lyon")], found("Nice", subject="user")) == [("add", None)]
    assert plan([known("Lyon", subject="Ngozi")], found("Nice", subject="ngozi")) == [
        ("supersede", 1)
    ]


KEYS = {"home_city": False, "employer": False, "pet": True}
VALUES = st.sampled_from(
    ["Lyon", "lyon", "Nice", "Acme", "Rex, a dog", "", "a b c d e", "b c d e f"]
)
MOMENTS = st.sampled_from([None, THEN, NOW, NOW + timedelta(days=1)])
SUBJECTS = st.sampled_from(["partner", "user", "Ngozi"])
REVIEW_NAMES: list[Review] = ["unreviewed", "needs_review", "confirmed", "corrected", "rejected"]
REVIEWS = st.sampled_from(REVIEW_NAMES)
FOUND = st.builds(
    lambda key, value, confidence, subject, message, valid_from: found(
        value, key, confidence=confidence, subject=subject, many_valued=KEYS[key],
        message=message, valid_from=valid_from,
    ),
    st.sampled_from(list(KEYS)), VALUES, st.floats(0, 1), SUBJECTS, st.integers(1, 3), MOMENTS,
)  # fmt: skip


@st.composite
def stored(draw: st.DrawFn) -> list[KnownFact]:
    """Facts as a database may hold them: one current value of a single-valued key at most."""
    facts: list[KnownFact] = []
    taken = set()
    for number in range(draw(st.integers(0, 6))):
        key, subject = draw(st.sampled_from(list(KEYS))), draw(SUBJECTS)
        review = draw(REVIEWS)
        current = review != "rejected" and draw(st.booleans()) and (key, subject) not in taken
        if current and not KEYS[key]:
            taken.add((key, subject))
        facts.append(
            KnownFact(number, key, draw(VALUES), subject, KEYS[key], draw(st.floats(0, 1)),
                      review, current, draw(MOMENTS))
        )  # fmt: skip
    return facts


def after(facts: list[KnownFact], steps: list[Step]) -> list[KnownFact]:
    """The facts as they stand when the plan was carried out."""
    rows = {fact.id: fact for fact in facts}
    for place, step in enumerate(steps):
        if step.action == "supersede":
            closed = step.known if step.known is not None else 1000 + (step.earlier or 0)
            rows[closed] = replace(rows[closed], is_current=False)
        if step.action in {"add", "supersede", "doubtful", "past"}:
            fact = step.fact
            rows[1000 + place] = KnownFact(
                1000 + place, fact.fact_key, fact.fact_value, fact.subject, fact.many_valued,
                fact.confidence, "needs_review" if step.action == "doubtful" else "unreviewed",
                step.action in {"add", "supersede"}, fact.valid_from or NOW,
                source_message_id=fact.source_message_id,
            )  # fmt: skip
    return list(rows.values())


@settings(deadline=None)
@given(stored(), st.lists(FOUND, max_size=6))
def test_every_fact_gets_one_step_and_the_plan_is_always_the_same(
    facts: list[KnownFact], new: list[FactFound]
) -> None:
    steps = reconcile(facts, new, NOW)
    assert [step.fact for step in steps] == new
    assert steps == reconcile(facts, new, NOW)
    assert all(step.earlier is None or step.earlier < at for at, step in enumerate(steps))


@settings(deadline=None)
@given(stored(), st.lists(FOUND, max_size=6))
def test_a_key_never_has_two_current_values(facts: list[KnownFact], new: list[FactFound]) -> None:
    rows = after(facts, reconcile(facts, new, NOW))
    single = [(f.subject, f.fact_key) for f in rows if f.is_current and not f.many_valued]
    assert len(single) == len(set(single))


@settings(deadline=None)
@given(stored(), st.lists(FOUND, max_size=6))
def test_a_persons_word_stands(facts: list[KnownFact], new: list[FactFound]) -> None:
    decided = {f.id: f for f in facts if f.review in {"confirmed", "corrected", "rejected"}}
    rows = {fact.id: fact for fact in after(facts, reconcile(facts, new, NOW))}
    assert {number: rows[number] for number in decided} == decided


@settings(deadline=None)
@given(stored(), st.lists(FOUND, max_size=6))
def test_many_valued_facts_are_never_closed(facts: list[KnownFact], new: list[FactFound]) -> None:
    rows = {fact.id: fact for fact in after(facts, reconcile(facts, new, NOW))}
    assert all(rows[f.id].is_current for f in facts if f.many_valued and f.is_current)


@settings(deadline=None)
@given(stored(), st.lists(FOUND, max_size=1))
def test_the_same_fact_again_changes_nothing(facts: list[KnownFact], new: list[FactFound]) -> None:
    rows = after(facts, reconcile(facts, new, NOW))
    again = [step.action for step in reconcile(rows, new, NOW)]
    assert not {"add", "supersede", "past"} & set(again)
