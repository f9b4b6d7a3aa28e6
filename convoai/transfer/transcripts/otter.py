"""Otter-style text: a line `Name  0:12`, then what was said."""

from __future__ import annotations

from convoai.refusals import Refusal
from convoai.transfer.transcripts.moments import clock_seconds
from convoai.transfer.transcripts.reading import FILE, Choices, Format, Reading, first_lines

LONGEST_HEAD = 120
FOOTER = "Transcribed by "


def fits(text: str) -> bool:
    return any(_head(line) for line in first_lines(text, 40))


def parse(text: str, choices: Choices) -> Reading:
    reading = Reading()
    head: tuple[str, float] | None = None
    words: list[str] = []
    for line in text.split("\n"):
        found = _head(line)
        if found:
            _close(reading, head, words)
            head, words = found, []
        elif line.startswith(FOOTER):
            reading.skipped["system"] += 1
        elif head:
            words.append(line)
        elif line.strip():
            # Title, date and key words stand above the talk.
            reading.skipped["heading"] += 1
    _close(reading, head, words)
    if not reading.turns:
        message = "This is not Otter-style text: no line like `Name  0:12`."
        raise Refusal("unknown_format", message, place=FILE)
    return reading


def _close(reading: Reading, head: tuple[str, float] | None, words: list[str]) -> None:
    if head:
        reading.say(head[0], "\n".join(words).strip(), offset=head[1])


def _head(line: str) -> tuple[str, float] | None:
    """Name and seconds of a line that holds them and nothing else."""
    if len(line) > LONGEST_HEAD:
        return None
    line = line.rstrip()
    clock = line.replace("\t", " ").rpartition(" ")[2]
    before = line[: len(line) - len(clock)]
    if not clock[:1].isdigit() or not before.endswith(("  ", "\t")) or not before.strip():
        return None
    seconds = clock_seconds(clock)
    return None if seconds is None else (before.strip(), seconds)


FORMAT = Format("otter", "text with lines like `Name  0:12` (Otter)", fits, parse)
