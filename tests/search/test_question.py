"""What somebody typed, taken apart."""

from __future__ import annotations

import pytest

from convoai.refusals import Refusal
from convoai.search.dates import NamedDate, dates_in
from convoai.search.question import parse_question


def test_words_phrases_and_exclusions_are_told_apart() -> None:
    question = parse_question('harbour "sail at dawn" -bees -"big boat"')
    assert question.words == ("harbour",)
    assert question.required == (("sail at dawn",),)
    assert question.excluded == ("bees", "big boat")


def test_or_joins_alternatives() -> None:
    assert parse_question('"sail at dawn" OR rowing').required == (("sail at dawn", "rowing"),)
    assert parse_question("rowing or sailing").words == ("rowing", "sailing")


def test_quotes_in_a_sentence_that_asks_require_nothing() -> None:
    question = parse_question('Who wrote "Moby Dick"?')
    assert question.required == ()
    assert question.words == ("Who", "wrote", "Moby", "Dick", "?")


def test_words_that_only_ask_are_dropped_and_named() -> None:
    question = parse_question("what did she say about bees")
    assert question.dropped == ("say",)
    assert "bees" in question.words


def test_a_search_of_nothing_but_asking_words_searches_them() -> None:
    assert parse_question("said told").words == ("said", "told")


def test_what_is_excluded_has_no_part_in_the_meaning() -> None:
    assert parse_question('boats -bees "big sail"').meaning.split() == ["boats", "big", "sail"]


@pytest.mark.bad_input(32)
@pytest.mark.parametrize("text", ["x" * 513, "a " * 65, "w " * 15_000])
def test_a_search_that_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_question(text)
    assert refusal.value.code == "query_too_long"
    assert refusal.value.place == ("query", "q")


@pytest.mark.bad_input(38)
@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_what_no_database_can_take_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        parse_question(text)


@pytest.mark.parametrize("text", ["", '"', '""', "-", "- -", "OR", '-"', "(((", "\\", "'", "&|!:*"])
def test_odd_searches_are_no_error(text: str) -> None:
    assert parse_question(text).text == text


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("What happened on 8 May, 2023?", [NamedDate(2023, 5, 8)]),
        ("on May 8th 2023", [NamedDate(2023, 5, 8)]),
        ("between August 11 and Aug 15", [NamedDate(0, 8, 11), NamedDate(0, 8, 15)]),
        ("the 2nd of June", [NamedDate(0, 6, 2)]),
        ("in 2023-05-08", [NamedDate(2023, 5, 8)]),
        ("in June 2022", [NamedDate(2022, 6, 0)]),
        ("since 2021", [NamedDate(2021)]),
        ("what may happen", []),
        ("in May", [NamedDate(0, 5, 0)]),
        ("may I march?", []),
    ],
)
def test_dates_are_read(text: str, dates: list[NamedDate]) -> None:
    assert dates_in(text) == dates


def test_a_day_that_no_calendar_has_is_near_nothing() -> None:
    assert NamedDate(2023, 2, 31).moments(range(2023, 2025)) == []
