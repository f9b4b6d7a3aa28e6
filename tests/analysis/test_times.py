"""Times told from the day of the talk become dates."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoai.analysis.offline.times import moments_of

WEDNESDAY = date(2023, 5, 10)


@pytest.mark.parametrize(
    ("said", "written", "start"),
    [
        ("yesterday", "on 9 May 2023", date(2023, 5, 9)),
        ("tomorrow morning", "on 11 May 2023", date(2023, 5, 11)),
        ("last night", "on 9 May 2023", date(2023, 5, 9)),
        ("last friday", "on 5 May 2023", date(2023, 5, 5)),
        ("last wednesday", "on 3 May 2023", date(2023, 5, 3)),
        ("next friday", "on 12 May 2023", date(2023, 5, 12)),
        ("next wednesday", "on 17 May 2023", date(2023, 5, 17)),
        ("last week", "in the week of 1 May 2023", date(2023, 5, 1)),
        ("this week", "in the week of 8 May 2023", date(2023, 5, 8)),
        ("next week", "in the week of 15 May 2023", date(2023, 5, 15)),
        ("last weekend", "around 6 May 2023", date(2023, 5, 6)),
        ("next month", "in June 2023", date(2023, 6, 1)),
        ("last month", "in April 2023", date(2023, 4, 1)),
        ("last year", "in 2022", date(2022, 1, 1)),
        ("two years ago", "in 2021", date(2021, 1, 1)),
        ("a few years ago", "around 2020", date(2020, 1, 1)),
        ("three days ago", "on 7 May 2023", date(2023, 5, 7)),
        ("two weeks ago", "around 26 April 2023", date(2023, 4, 26)),
        ("six months ago", "in November 2022", date(2022, 11, 1)),
        ("a year ago", "in 2022", date(2022, 1, 1)),
        ("in three months", "in August 2023", date(2023, 8, 1)),
        ("last march", "in March 2023", date(2023, 3, 1)),
        ("last june", "in June 2022", date(2022, 6, 1)),
        ("next march", "in March 2024", date(2024, 3, 1)),
        ("last summer", "in summer 2022", date(2022, 6, 1)),
        ("this summer", "in summer 2023", date(2023, 6, 1)),
        ("in march 2020", "in March 2020", date(2020, 3, 1)),
        ("on 5 may 2021", "on 5 May 2021", date(2021, 5, 5)),
        ("on march 14th", "on 14 March 2023", date(2023, 3, 14)),
        ("on the 3rd of february", "on 3 February 2023", date(2023, 2, 3)),
        ("in 2019", "in 2019", date(2019, 1, 1)),
        ("on monday", "on 8 May 2023", date(2023, 5, 8)),
    ],
)
def test_a_told_time_becomes_a_date(said: str, written: str, start: date) -> None:
    moments = moments_of(f"we met {said}".split(), WEDNESDAY)
    assert [(moment.text, moment.start) for moment in moments] == [(written, start)]


def test_a_bare_weekday_lies_ahead_in_a_plan() -> None:
    moments = moments_of(["i", "will", "see", "them", "on", "monday"], WEDNESDAY, is_past=False)
    assert [moment.start for moment in moments] == [date(2023, 5, 15)]


def test_since_keeps_its_word() -> None:
    words = ["i", "have", "lived", "here", "since", "march", "2020"]
    moments = moments_of(words, WEDNESDAY)
    assert [(moment.text, words[moment.first]) for moment in moments] == [("March 2020", "march")]


@pytest.mark.parametrize(
    "said",
    ["i may come", "they march on", "last but not least", "the second one", "nine lives",
     "next to the door", "this dog", "in two minds"],
)  # fmt: skip
def test_other_words_are_no_times(said: str) -> None:
    assert moments_of(said.split(), WEDNESDAY) == []


@pytest.mark.parametrize("today", [date(1900, 1, 1), date(2199, 12, 31), date(2024, 2, 29)])
@pytest.mark.parametrize(
    "said", ["last year", "next year", "150 years ago", "in 90 decades", "last week", "tomorrow"]
)
def test_the_ends_of_the_calendar_break_nothing(today: date, said: str) -> None:
    for moment in moments_of(said.split(), today):
        assert 1900 <= moment.start.year < 2200


VOCABULARY = (
    "last next this in on the a two few years ago month week friday may march 5 31st 2020 of since"
    " yesterday summer weekend 9999 couple until day"
)
WORDS = st.sampled_from(VOCABULARY.split())


@settings(deadline=None)
@given(st.lists(WORDS, max_size=12), st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_moments_never_overlap_and_stay_inside_the_words(words: list[str], today: date) -> None:
    end = -1
    for moment in moments_of(words, today):
        assert end < moment.first <= moment.last < len(words)
        assert 1900 <= moment.start.year < 2200
        end = moment.last
