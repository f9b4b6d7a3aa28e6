"""Where the words of a question stand in a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from convoai.search.folding import STEMS_KNOWN, folded, is_unspaced, words_of
from convoai.search.nearness import is_near
from convoai.search.question import Question


class Place(NamedTuple):
    """Where a word stands, `start` to `end`, and the number of the question's word it answers."""

    start: int
    end: int
    term: int


class Marker:
    """Finds the words of one question in texts, in any of their forms.

    Case, accents, width and endings do not matter. In scripts without spaces the term is looked
    for as it is, and where it is not found, each two letters of it.
    """

    def __init__(self, question: Question) -> None:
        typed = [*question.words, *question.phrases]
        pieces = [folded(piece) for term in typed for _, _, piece in words_of(term)]
        self.terms = list(dict.fromkeys(piece for piece in pieces if piece))
        self._spaced = [
            (number, term) for number, term in enumerate(self.terms) if not is_unspaced(term)
        ]
        self._unspaced = [
            (number, term) for number, term in enumerate(self.terms) if is_unspaced(term)
        ]
        # A stem begins as its word does: "dying" and "die" share only the first letter.
        self._beginnings = {term[:1] for _, term in self._spaced}

    def prepare(self, texts: Iterable[tuple[str, str]]) -> None:
        """Read the stems that marking these (language, text) needs, in at most one query."""
        asked: set[tuple[str, str]] = set()
        for language, text in texts:
            asked.update((language, term) for _, term in self._spaced)
            asked.update((language, word) for _, _, word in self._candidates(text))
        STEMS_KNOWN.learn(asked)

    def places(self, language: str, text: str, *, loosely: bool = False) -> list[Place]:
        """The places of the question's words in a text that was prepared, in order.

        `loosely`: also of words that begin with one of them, or are near to one.
        """
        wanted = [(number, term, STEMS_KNOWN.of(language, term)) for number, term in self._spaced]
        found = []
        for start, end, word in self._candidates(text):
            stems = STEMS_KNOWN.of(language, word)
            for number, term, stems_wanted in wanted:
                # A word that is all the question has is shown even where it is a stop word.
                is_all = word == term and not stems and len(self.terms) == 1
                is_like = (
                    loosely
                    and stems_wanted
                    and ((len(term) > 1 and word.startswith(term)) or is_near(term, word))
                )
                if stems & stems_wanted or is_all or is_like:
                    found.append(Place(start, end, number))
                    break
        if self._unspaced:
            found = sorted([*found, *self._unspaced_places(text)])
        return found

    def coverage(self, language: str, text: str) -> float:
        """The share of the question's words, stop words aside, that stand in a prepared text."""
        asked = [number for number, term in self._spaced if STEMS_KNOWN.of(language, term)]
        asked += [number for number, _ in self._unspaced]
        if not asked:
            return 0.0
        there = {place.term for place in self.places(language, text)}
        return len(there.intersection(asked)) / len(asked)

    def _candidates(self, text: str) -> list[tuple[int, int, str]]:
        """The folded words that begin as one of the question's does."""
        if not self._spaced:
            return []
        words = ((start, end, folded(word)) for start, end, word in words_of(text))
        return [word for word in words if word[2][:1] in self._beginnings]

    def _unspaced_places(self, text: str) -> list[Place]:
        letters = "".join(one_for_one(letter) for letter in text)
        found: list[Place] = []
        for number, term in self._unspaced:
            whole = [Place(at, at + len(term), number) for at in occurrences(letters, term)]
            if not whole and len(term) > 2:
                pairs = {term[at : at + 2] for at in range(len(term) - 1)}
                parts = sorted(at for pair in pairs for at in occurrences(letters, pair))
                whole = joined([Place(at, at + 2, number) for at in parts])
            found += whole
        return found


def one_for_one(letter: str) -> str:
    """The folded letter where it stays one letter, so that places remain what they are."""
    bare = letter if letter.isascii() else folded(letter)
    return bare.lower() if len(bare) == 1 else letter


def occurrences(text: str, part: str) -> Iterable[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + len(part))


def joined(places: Sequence[Place]) -> list[Place]:
    """The places with those that touch made one; they are in order and of one term."""
    merged: list[Place] = []
    for place in places:
        if merged and place.start <= merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(place.end, merged[-1].end))
        else:
            merged.append(place)
    return merged
