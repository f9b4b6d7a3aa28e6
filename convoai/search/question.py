"""What somebody typed, taken apart: words, phrases in quotes, OR, and what is excluded."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from convoai.refusals import Refusal

MAX_CHARACTERS = 512
MAX_TERMS = 64
PLACE = ("query", "q")

# Words of questions that say nothing about the message that answers them, besides the stop words
# of the language, which the database knows.
QUESTION_WORDS = frozenset(
    [
        *("would", "could", "might", "may", "also", "like", "likely", "get", "got"),
        *("mention", "mentioned", "tell", "told", "say", "said"),
    ]
)
# A sentence that begins so asks something, with or without a question mark.
OPENING_WORDS = frozenset(
    [
        *("who", "whom", "whose", "what", "when", "where", "which", "why", "how"),
        *("is", "are", "am", "was", "were", "do", "does", "did", "has", "have", "had"),
        *("can", "could", "will", "would", "should", "may", "might"),
    ]
)
QUESTION_MARKS = ("?", "？", "؟")
# -"a phrase", "a phrase", -word, word
TERM = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True)
class Question:
    """A search as typed (`text`) and its parts, each as typed.

    `words` are looked for, any of them. Of each of the `required` alternatives (phrases in quotes,
    and what is joined to them by OR) a message must hold one. It must hold none of `excluded`.
    `dropped` words are left aside because they only make the question a question. `is_asking`
    tells a sentence that asks from words to look up; its quotes are titles or quoted words that
    the answer need not repeat, so it requires nothing.
    """

    text: str
    words: tuple[str, ...] = ()
    required: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    is_asking: bool = False

    @property
    def phrases(self) -> tuple[str, ...]:
        """All required alternatives in one list."""
        return tuple(term for alternatives in self.required for term in alternatives)

    @property
    def meaning(self) -> str:
        """The question without what is excluded, for an embedder."""
        return " ".join(
            match[0] for match in TERM.finditer(self.text) if not match["minus"]
        ).replace('"', " ")


def parse_question(text: str) -> Question:
    """Take a search apart; quotes make phrases, `-` excludes, OR joins alternatives.

    Raises Refusal `query_too_long` for more than 512 characters or 64 terms, and
    `nul_character` for text that a database cannot take.
    """
    if len(text) > MAX_CHARACTERS:
        raise too_long()
    if "\0" in text or any(unicodedata.category(character) == "Cs" for character in text):
        message = "The search holds a character that no text has; leave it out."
        raise Refusal("nul_character", message, place=PLACE)
    terms = [match for match in TERM.finditer(text) if match["phrase"] != ""]
    if len(terms) > MAX_TERMS:
        raise too_long()
    words: list[str] = []
    dropped: list[str] = []
    excluded: list[str] = []
    required: list[tuple[str, ...]] = []
    asking = is_asking(text)
    for chain in _chains(terms):
        plain = [_term(match) for match in chain]
        if chain[0]["minus"]:
            excluded.append(plain[0])
        elif any(match["phrase"] for match in chain) and not asking:
            required.append(tuple(plain))
        else:
            for word in " ".join(plain).split():
                (dropped if bare(word) in QUESTION_WORDS else words).append(word)
    if not words and not required:
        words, dropped = dropped, []
    return Question(text, tuple(words), tuple(required), tuple(excluded), tuple(dropped), asking)


def is_asking(text: str) -> bool:
    """Whether a search is a sentence that asks, in English or by its mark."""
    opening = text.split(maxsplit=1)
    return text.rstrip().endswith(QUESTION_MARKS) or (
        len(opening) > 1 and bare(opening[0]) in OPENING_WORDS
    )


def bare(word: str) -> str:
    """A word without case and without the marks around it."""
    return re.sub(r"^\W+|\W+$", "", word).casefold()


def too_long() -> Refusal:
    return Refusal(
        "query_too_long",
        f"A search has at most {MAX_CHARACTERS} characters and {MAX_TERMS} words; shorten it.",
        place=PLACE,
    )


def _term(match: re.Match[str]) -> str:
    return str(match["phrase"] or match["word"] or "")


def _chains(terms: list[re.Match[str]]) -> list[list[re.Match[str]]]:
    """Terms in groups: those joined by OR together, all others alone."""
    chains: list[list[re.Match[str]]] = []
    joined = False
    for match in terms:
        if match["word"] in {"OR", "or"} and not match["minus"] and chains:
            joined = True
            continue
        if joined and not match["minus"] and not chains[-1][0]["minus"]:
            chains[-1].append(match)
        else:
            chains.append([match])
        joined = False
    return chains
