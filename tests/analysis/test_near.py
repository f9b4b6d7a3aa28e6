"""Values that are near to one, among many."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoai.analysis.near import NearValues
from convoai.analysis.values import mean_nearly_the_same, meant

WORDS = st.sets(st.sampled_from("abcdefghijklm"), max_size=12).map(frozenset)


def near_values(values: list[frozenset[str]]) -> NearValues:
    index = NearValues(Counter(word for words in values for word in words))
    for place, words in enumerate(values):
        index.add(place, words)
    return index


@settings(deadline=None)
@given(st.lists(WORDS, max_size=30))
def test_every_value_that_is_near_is_a_candidate(values: list[frozenset[str]]) -> None:
    index = near_values(values)
    for words in values:
        near = {place for place, other in enumerate(values) if mean_nearly_the_same(words, other)}
        assert near <= index.candidates(words)


@pytest.mark.parametrize(
    "sentence",
    [
        "met person{n} at place{n} and spoke about cooking, travel, work{n}",
        "met their friend person{n} and talked about cooking, travel",
        "ordered parcel{n}",
    ],
)
def test_values_of_one_pattern_are_not_looked_at_for_each_other(sentence: str) -> None:
    values = [meant(sentence.format(n=n)) for n in range(2_000)]
    index = near_values(values)
    assert sum(len(index.candidates(words)) for words in values) == len(values)
