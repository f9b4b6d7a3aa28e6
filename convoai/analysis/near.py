"""Values that are near to one, found without a look at each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import ceil, floor

from convoai.analysis.values import NEAR

# Of the words that two near values have together, counted twice where shared, at least so many
# are shared: J >= t is the same as overlap >= t / (1 + t) * (n + m).
SHARED = NEAR / (1 + NEAR)
# A product like 0.8 * 5 may come out beside the whole number that it means.
HAIR = 1e-9


class NearValues:
    """Places of values by their meanings (convoai.analysis.values.meant).

    `order` ranks every word that will be asked for, the rarest first. Values of n and m words that
    share s of them have one in common among the first n - s + 1 of the one and the first m - s + 1
    of the other: the prefix filter of similarity joins (Chaudhuri, Ganti and Kaushik, "A primitive
    operator for similarity joins in data cleaning", 2006), for each length by itself.
    """

    def __init__(self, order: Mapping[str, int]) -> None:
        self._order = order
        # By a word, the number of words, and the word's rank among them.
        self._places: dict[tuple[str, int, int], list[int]] = defaultdict(list)

    def add(self, place: int, words: frozenset[str]) -> None:
        size = len(words)
        longest = size - ceil(NEAR * size - HAIR) + 1
        for rank, word in enumerate(self._ranked(words)[:longest]):
            self._places[word, size, rank].append(place)

    def candidates(self, words: frozenset[str]) -> set[int]:
        """The places of all values that may be near to one of these words, and of some others."""
        found: set[int] = set()
        size, ranked = len(words), self._ranked(words)
        for other in range(ceil(NEAR * size - HAIR), floor(size / NEAR + HAIR) + 1):
            shared = ceil(SHARED * (size + other) - HAIR)
            for word in ranked[: size - shared + 1]:
                for rank in range(other - shared + 1):
                    found.update(self._places.get((word, other, rank), ()))
        return found

    def _ranked(self, words: frozenset[str]) -> list[str]:
        return sorted(words, key=lambda word: (self._order[word], word))
