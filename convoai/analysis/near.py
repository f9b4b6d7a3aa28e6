"""Values that are near to one, found without a look at each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from heapq import nsmallest
from math import ceil

from convoai.analysis.values import NEAR


class NearValues:
    """Places of values by their meanings (convoai.analysis.values.meant).

    `order` ranks every word that will be asked for, the rarest first. Two values can only be near
    when they share one of their first words in that order: of n words, the first
    n - ceil(NEAR n) + 1 (the prefix filter of similarity joins, Chaudhuri, Ganti and Kaushik,
    "A primitive operator for similarity joins in data cleaning", 2006).
    """

    def __init__(self, order: Mapping[str, int]) -> None:
        self._order = order
        self._places: dict[str, list[int]] = defaultdict(list)

    def add(self, place: int, words: frozenset[str]) -> None:
        for word in self._first(words):
            self._places[word].append(place)

    def candidates(self, words: frozenset[str]) -> set[int]:
        """The places of all values that may be near to one of these words, and of some others."""
        return {place for word in self._first(words) for place in self._places.get(word, ())}

    def _first(self, words: frozenset[str]) -> list[str]:
        # Less a little, for a product like 0.8 * 5 may come out above the whole number it means.
        count = len(words) - ceil(NEAR * len(words) - 1e-9) + 1
        return nsmallest(count, words, key=lambda word: (self._order[word], word))
