"""Words as searching compares them: without case and accents, and cut to their stems."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from convoai.database.reading import reading_connection

# What stands between words: spaces, ASCII and Latin-1 punctuation, general and CJK punctuation.
WORD = re.compile(
    r"[^\s!-/:-@\[-`{-~\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf"
    r"\u2000-\u206f\u3000-\u303f\uff00-\uff0f]+"
)
# Scripts that put no spaces between words, or few: Thai, Lao, Myanmar, Khmer, kana, Han, Hangul.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
PIECE = re.compile(f"[{UNSPACED}]+|[^{UNSPACED}]+")
IS_UNSPACED = re.compile(f"[{UNSPACED}]")
# Marks on Latin and Greek letters are accents; on others they make another letter.
MARKED = re.compile("([a-zA-Z\u0370-\u03ff])[\u0300-\u036f]+|[\u0591-\u05bd\u064b-\u0652]")
PLAIN_LETTERS = str.maketrans(
    {"đ": "d", "ł": "l", "ø": "o", "ħ": "h", "ı": "i", "ð": "d", "ё": "е", "ß": "ss"}
)
# Longer words have no stem: nobody types them.
LONGEST_STEMMED = 100
STEMS = """
SELECT language, word,
       tsvector_to_array(to_tsvector(convoai_search_config(language), word))
FROM unnest(%s::text[], %s::text[]) AS asked (language, word)
"""


@lru_cache(maxsize=50_000)
def folded(word: str) -> str:
    """The word without case, accents and width, much as `convoai_fold` of the database folds it."""
    if word.isascii():
        return word.lower()
    apart = MARKED.sub(r"\1", unicodedata.normalize("NFKD", word))
    return unicodedata.normalize("NFKC", apart).lower().translate(PLAIN_LETTERS)


def is_unspaced(word: str) -> bool:
    return IS_UNSPACED.search(word) is not None


def words_of(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and letters of each word; a run of an unspaced script counts as one."""
    for match in WORD.finditer(text):
        if match[0].isascii():
            yield match.start(), match.end(), match[0]
            continue
        for piece in PIECE.finditer(match[0]):
            start = match.start() + piece.start()
            yield start, start + len(piece[0]), piece[0]


class Stems:
    """The stems of words in the languages of talks, asked of the database once per process."""

    def __init__(self, most: int = 100_000) -> None:
        self._known: dict[tuple[str, str], frozenset[str]] = {}
        self._most = most

    def learn(self, asked: Iterable[tuple[str, str]]) -> None:
        """Read the stems of these (language, folded word) that are not known yet, in one query."""
        unknown = [pair for pair in set(asked) if pair not in self._known]
        unknown = [pair for pair in unknown if len(pair[1]) <= LONGEST_STEMMED]
        if not unknown:
            return
        if len(self._known) + len(unknown) > self._most:
            self.forget()
        with reading_connection().cursor() as cursor:
            cursor.execute(STEMS, [[one for one, _ in unknown], [word for _, word in unknown]])
            for language, word, found in cursor.fetchall():
                self._known[language, word] = frozenset(found)

    def forget(self) -> None:
        self._known.clear()

    def of(self, language: str, word: str) -> frozenset[str]:
        """The stems of a folded word; none for a stop word."""
        return self._known.get((language, word), frozenset())


STEMS_KNOWN = Stems()
