"""When two values say the same, or nearly."""

from __future__ import annotations

import re
import unicodedata

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


def is_same(one: str, other: str) -> bool:
    return normalised(one) == normalised(other)


def is_near(one: str, other: str) -> bool:
    """Whether two longer values share nearly all their words, and deny the same.

    Jaccard's index of their words; numbers must agree, as "2 cats" is not "3 cats".
    """
    mine, theirs = set(words_of_value(one)), set(words_of_value(other))
    if min(len(mine), len(theirs)) < FEWEST_WORDS:
        return False
    if (mine ^ theirs) & NEGATIONS or any(word.isdigit() for word in mine ^ theirs):
        return False
    return len(mine & theirs) / len(mine | theirs) >= NEAR
