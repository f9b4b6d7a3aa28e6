"""What a parser makes of a file: who said what, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from convoai.refusals import Refusal

MOST_MESSAGES = 250_000
# Each takes memory while a file is taken apart; 32 MB of line ends would take half a gigabyte.
MOST_LINES = 2_000_000
MOST_CELLS = 5_000_000
# Seconds. No recording is longer; more is a time that was misread.
LONGEST_RECORDING = 366 * 86_400.0

FILE = ("body", "file")


@dataclass(frozen=True)
class Choices:
    """What a file itself may leave open.

    `naive_tz` is the zone of times without one; `date_order` is "day" or "month" for dates like
    01/02/24, or "" to tell it from the file.
    """

    naive_tz: tzinfo = UTC
    date_order: str = ""


@dataclass(slots=True)
class Turn:
    """What one speaker said at once.

    `timestamp` is a time of day in UTC, `offset` seconds from the start of the recording; either
    may be missing. `sender` is "user" or "partner" where the file itself says so, else "".
    """

    speaker: str
    content: str
    timestamp: datetime | None = None
    offset: float | None = None
    sender: str = ""


@dataclass
class Reading:
    """The turns of one file, and what was left out of it: reason -> how many."""

    turns: list[Turn] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    started_at: datetime | None = None
    title: str | None = None
    date_order: str | None = None

    def say(
        self,
        speaker: str,
        content: str,
        *,
        timestamp: datetime | None = None,
        offset: float | None = None,
        sender: str = "",
    ) -> None:
        """Add a turn. Raises Refusal `too_many_items`, `time_out_of_range`."""
        if len(self.turns) >= MOST_MESSAGES:
            raise too_many()
        if offset is not None and not 0 <= offset <= LONGEST_RECORDING:
            message = "A time in the file is longer than a year after the start; correct it."
            raise Refusal("time_out_of_range", message, place=FILE)
        self.turns.append(Turn(speaker, content, timestamp, offset, sender))


@dataclass(frozen=True)
class Format:
    """One kind of file: its name, how it is known by its content, how it is read.

    `parse` raises Refusal for a file that is not of this kind after all.
    """

    name: str
    description: str
    fits: Callable[[str], bool]
    parse: Callable[[str, Choices], Reading]


def too_many() -> Refusal:
    """The refusal of a file that holds more messages than one talk may have."""
    message = f"A transcript may hold {MOST_MESSAGES:,} messages; split the file."
    return Refusal("too_many_items", message)


def refuse_too_complex(text: str, mark: str, most: int) -> None:
    """Raises Refusal `too_complex` when the mark stands in a text more often than that."""
    if text.count(mark) > most:
        message = f"The file has more than {most:,} lines or cells; split it."
        raise Refusal("too_complex", message, place=FILE)


def first_lines(text: str, most: int, longest: int = 300) -> list[str]:
    """The beginnings of up to `most` lines that are not blank; reads no further than needed."""
    found: list[str] = []
    start = 0
    while start < len(text) and len(found) < most:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start : min(end, start + longest)].lstrip()
        if line:
            found.append(line)
        start = end + 1
    return found
