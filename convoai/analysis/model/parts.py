"""A long talk, cut into parts that a model can read at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convoai.analysis.result import Turn

# About 7,000 tokens of English: small enough for a model on a desk, and to be read attentively.
PART_LENGTH = 24_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A message of the talk, or a stretch of a long one; `number` counts messages from 1."""

    number: int
    turn: Turn
    text: str


def parts_of(turns: Sequence[Turn], length: int = PART_LENGTH) -> list[list[Piece]]:
    """The talk in parts of at most `length` characters, cut between messages.

    Only a message that is longer than a part is cut itself, at a space where there is one.
    """
    parts: list[list[Piece]] = []
    room = 0
    for number, turn in enumerate(turns, start=1):
        for text in stretches(turn.content, length):
            if not parts or len(text) > room:
                parts.append([])
                room = length
            parts[-1].append(Piece(number, turn, text))
            room -= len(text)
    return parts


def stretches(content: str, length: int) -> list[str]:
    """A text in stretches of at most `length` characters."""
    found = []
    start = 0
    while len(content) - start > length:
        space = content.rfind(" ", start + length // 2, start + length)
        end = space + 1 if space >= 0 else start + length
        found.append(content[start:end])
        start = end
    return [*found, content[start:]]
