"""Values that are near to one, among many."""

from __future__ import annotations

from collections import Counter

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


def test_candidates_are_few_though_all_values_share_common_words() -> None:
    values = [
        meant(f"met person{n} at place{n} and spoke about cooking, travel, work{n}")
        for n in range(3_000)
    ]
    index = near_values(values)
    assert sum(len(index.candidates(words)) for words in values) == len(values)
