"""What turns texts into vectors, whoever does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

# Characters of a text that an embedder looks at: what models of today take at once, and a mean over
# more words says nothing any more.
LONGEST_TEXT = 8_000


class EmbeddingFailed(Exception):
    """The embedder gave no vectors; trying again later may work.

    The message is a short reason for people, without a word of the texts.
    """


class Embedder(Protocol):
    """One model. Vectors of two embedders are compared only when their names are equal."""

    @property
    def name(self) -> str:
        """The model, as it is stored beside its vectors."""

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has. A remote model may be asked to learn it."""

    @property
    def is_local(self) -> bool:
        """Whether texts stay on this machine and cost next to nothing."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector of length 1 for each text, in order; all zeros for a text without a word.

        Only the first LONGEST_TEXT characters of a text count.
        Raises EmbeddingFailed.
        """


def text_of_message(speaker: str, content: str) -> str:
    """What is embedded for a message: its words, after the speaker's name when it has one."""
    return f"{speaker}: {content}" if speaker else content
