"""When two values say the same, or nearly."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from heapq import nsmallest
from math import ceil

WORD = re.compile(r"[^\W_]+")
# Make no difference to what a value says.
EMPTY = frozenset(
    {"a", "an", "the", "their", "his", "her", "my", "our", "its", "is", "are", "was", "were"}
    | {"has", "have", "had", "just", "really", "very", "so"}
)
# Two values of so many words at least may be near in meaning; shorter ones only the same.
FEWEST_WORDS = 4
NEAR = 0.8
NEGATIONS = frozenset(["not", "no", "never", "without", "cannot", "nor", "hardly"])


def words_of_value(value: str) -> list[str]:
    """The words of a value that say something, without case and signs."""
    found = WORD.findall(unicodedata.normalize("NFKC", value).casefold())
    return [word for word in found if word not in EMPTY] or found


def normalised(value: str) -> str:
    """The value without case, signs and words that say nothing."""
    return " ".join(words_of_value(value))


def is_near(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two longer values share nearly all their words, and deny the same.

    Jaccard's index of their words; numbers must agree, as "2 cats" is not "3 cats".
    """
    if min(len(one), len(other)) < FEWEST_WORDS:
        return False
    if len(one & other) < NEAR * len(one | other):
        return False
    differing = one ^ other
    return not (differing & NEGATIONS or any(word.isdigit() for word in differing))


class NearValues:
    """Finds values that are near to one, without a look at each of them.

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
        if len(words) < FEWEST_WORDS:
            return []
        # Less a little, for a product like 0.8 * 5 may come out above the whole number it means.
        count = len(words) - ceil(NEAR * len(words) - 1e-9) + 1
        return nsmallest(count, words, key=lambda word: (self._order[word], word))
