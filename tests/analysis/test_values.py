"""When two values say the same, or nearly, and how that is found among many of them."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from convoai.analysis.values import NearValues, is_near, words_of_value

WORDS = st.sets(st.sampled_from("abcdefghijklm"), max_size=12).map(frozenset)


def said(value: str) -> frozenset[str]:
    return frozenset(words_of_value(value))


def near_values(values: list[frozenset[str]]) -> NearValues:
    index = NearValues(Counter(word for words in values for word in words))
    for place, words in enumerate(values):
        index.add(place, words)
    return index


def test_longer_values_are_near_when_they_share_nearly_all_words() -> None:
    market = said("went to the big market in Ghent on foot")
    assert is_near(market, said("went to big market in Ghent on foot!"))
    assert not is_near(said("likes tea"), said("likes teas"))


def test_values_that_deny_or_count_something_else_are_not_near() -> None:
    dog = said("has two cats and one dog here")
    assert not is_near(dog, said("has two cats and no dog here"))
    tenth = said("ran 10 km along the river bank")
    assert not is_near(tenth, said("ran 12 km along the river bank"))


@settings(deadline=None)
@given(st.lists(WORDS, max_size=30))
def test_every_value_that_is_near_is_a_candidate(values: list[frozenset[str]]) -> None:
    index = near_values(values)
    for words in values:
        near = {place for place, other in enumerate(values) if is_near(words, other)}
        assert near <= index.candidates(words)


def test_candidates_are_few_though_all_values_share_common_words() -> None:
    values = [
        said(f"met person{n} at place{n} and spoke about cooking, travel, work{n}")
        for n in range(3_000)
    ]
    index = near_values(values)
    assert sum(len(index.candidates(words)) for words in values) == len(values)
