"""When two values say the same."""

from __future__ import annotations

import re
import unicodedata

WORD = re.compile(r"[^\W_]+")
# Make no difference to what a value says.
EMPTY = frozenset(
    [
        "a",
        "an",
        "the",
        "their",
        "his",
        "her",
        "my",
        "our",
        "its",
        "is",
        "are",
        "was",
        "has",
        "have",
        "just",
        "really",
        "very",
        "so",
    ]
)


def normalised(value: str) -> str:
    """The value without case, signs and words that say nothing."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    found = WORD.findall(folded)
    return " ".join([word for word in found if word not in EMPTY] or found)
