"""Cutting a message into sentences, each with its place in the message."""

from __future__ import annotations

import re
from dataclasses import dataclass

from convoai.analysis.offline.lexicon import words
from convoai.analysis.offline.words import Word, words_of

# Messages of a talk are at most 32,000 characters long where the product stores them; what is
# longer comes from elsewhere and is read up to here, so that no line can hold up an analysis.
READ_AT_MOST = 32_000
# Nobody says a sentence of this length; it is pasted text.
LONGEST_SENTENCE = 600
MOST_SENTENCES = 300
# A sentence of so many words says most of them once; where it does not, it is noise.
LONG = 30
LEAST_DISTINCT = 0.4

# Each run of end signs with the quotes and brackets that close it, or a line's end.
END = re.compile(r"[.!?…]+[\"'”’)\]]*|\n+|[。！？]+")
ABBREVIATIONS = words(
    "dr mr mrs ms prof st mt jr sr vs etc inc ltd co no e.g i.e approx dept fig a.m p.m u.s u.k"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: its text, where it starts in the message, its words, how it ends."""

    text: str
    start: int
    words: tuple[Word, ...]
    is_question: bool
    is_exclamation: bool

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def sentences_of(text: str) -> list[Sentence]:
    """The sentences of a message, without the empty and the absurdly long ones."""
    text = text[:READ_AT_MOST]
    found: list[Sentence] = []
    begin = 0
    for end in END.finditer(text):
        if not _closes(text, begin, end):
            continue
        _add(found, text, begin, end.end(), end[0])
        begin = end.end()
        if len(found) >= MOST_SENTENCES:
            return found
    _add(found, text, begin, len(text), "")
    return found


def _closes(text: str, begin: int, end: re.Match[str]) -> bool:
    """Whether these signs end a sentence, rather than an abbreviation, a number or a name."""
    if end[0] != ".":
        return True
    after = text[end.end() : end.end() + 2]
    if after and not after[0].isspace():
        return not (after[0].isalnum() or after[0] in ",;:-@/")
    word = text[max(begin, end.start() - 12) : end.start()].rpartition(" ")[2].lower()
    if word in ABBREVIATIONS and word not in {"etc", "a.m", "p.m"}:
        return False
    # An initial or two, as in "J. Smith", "A.B. Smith".
    initials = word.split(".")
    return not (
        all(len(part) == 1 and part.isalpha() for part in initials)
        and word != "i"
        and after[1:2].isupper()
    )


def _add(found: list[Sentence], text: str, begin: int, end: int, sign: str) -> None:
    piece = text[begin:end]
    stripped = piece.strip()
    if not stripped or len(stripped) > LONGEST_SENTENCE:
        return
    start = begin + len(piece) - len(piece.lstrip())
    words = words_of(stripped, start)
    if words and not _is_noise(words):
        found.append(
            Sentence(stripped, start, tuple(words), "?" in sign or "？" in sign, "!" in sign)
        )


def _is_noise(words: list[Word]) -> bool:
    return len(words) > LONG and len({word.lower for word in words}) < LEAST_DISTINCT * len(words)
