"""Words of a text with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Linear: parts of a word are joined by single signs that no part contains.
WORD = re.compile(r"[^\W_]+(?:['’`´-][^\W_]+)*")

# One sign for one sign, so that places stay the same.
STRAIGHT = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'"})


@dataclass(frozen=True, slots=True)
class Word:
    """A word: as written, in lower case with straight apostrophes, and where it stands."""

    text: str
    lower: str
    start: int
    end: int


def words_of(text: str, start: int = 0) -> list[Word]:
    """The words of the text; places are counted from `start`."""
    return [
        Word(
            found[0],
            found[0].translate(STRAIGHT).lower(),
            start + found.start(),
            start + found.end(),
        )
        for found in WORD.finditer(text)
    ]
