"""A talk as it is read: each turn with its sentences, words and content words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convoai.analysis.offline.lexicon import PLAIN_WORDS
from convoai.analysis.offline.sentences import Sentence, sentences_of
from convoai.analysis.offline.words import Word
from convoai.analysis.result import Turn


@dataclass(frozen=True, slots=True)
class ReadTurn:
    """A turn with what was read in it; `listener` is the name of the other speaker."""

    turn: Turn
    speaker: str
    listener: str
    sentences: list[Sentence]
    words: list[Word]
    content: frozenset[str]

    @property
    def statements(self) -> list[Sentence]:
        return [sentence for sentence in self.sentences if not sentence.is_question]


def read(turns: Sequence[Turn], partner_name: str, user_name: str) -> list[ReadTurn]:
    """Read all turns of a talk once."""
    names = {"partner": partner_name, "user": user_name}
    others = {"partner": user_name, "user": partner_name}
    result = []
    for turn in turns:
        sentences = sentences_of(turn.content)
        words = [word for sentence in sentences for word in sentence.words]
        said = (
            word.lower
            for sentence in sentences
            if not sentence.is_question
            for word in sentence.words
        )
        result.append(
            ReadTurn(
                turn=turn,
                speaker=turn.speaker or names[turn.sender],
                listener=short_name(others[turn.sender]),
                sentences=sentences,
                words=words,
                content=frozenset(word for word in said if is_content(word)),
            )
        )
    return result


def short_name(name: str) -> str:
    """What friends say: the first name, unless it is an initial or a title."""
    first = name.split()[0] if name.split() else ""
    return first if len(first) > 2 and not first.endswith(".") else name


def is_content(word: str) -> bool:
    """Whether a lower-case word says something by itself."""
    return len(word) > 2 and word not in PLAIN_WORDS and not word[0].isdigit()
