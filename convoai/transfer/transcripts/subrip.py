"""SubRip (.srt).

The library `srt` reads the times. Its pattern for whole files is not used: it needs time that
grows with the square of a run of digits. Blocks are told apart here, line by line.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from convoai.refusals import Refusal
from convoai.transfer.transcripts.cues import Cue, say_cues
from convoai.transfer.transcripts.reading import FILE, Choices, Format, Reading, first_lines
from convoai.transfer.transcripts.webvtt import voices

ARROW = "-->"
# "00:00:01,000 --> 00:00:02,000", perhaps with a place on the screen after it.
LONGEST_TIMING = 120
TIME = re.compile(r"[0-9]{1,4}:[0-9]{1,2}:[0-9]{1,2}(?:[,.][0-9]{1,3})?", re.ASCII)


def fits(text: str) -> bool:
    return any(_timing(line) for line in first_lines(text, 3))


def parse(text: str, choices: Choices) -> Reading:
    """Cues of one speaker that follow each other closely become one message."""
    reading = Reading()
    say_cues(reading, _cues(text))
    if not reading.turns:
        message = "This is not SubRip: no line like 00:00:01,000 --> 00:00:02,000 with words."
        raise Refusal("unknown_format", message, place=FILE)
    return reading


def _cues(text: str) -> Iterator[Cue]:
    timing: tuple[float, float] | None = None
    words: list[str] = []
    for line in text.split("\n"):
        found = _timing(line)
        if found is None:
            words.append(line)
            continue
        yield from _closed(timing, words, has_number=True)
        timing, words = found, []
    yield from _closed(timing, words, has_number=False)


def _closed(
    timing: tuple[float, float] | None, lines: list[str], *, has_number: bool
) -> Iterator[Cue]:
    """The cues of one block; before the next timing stands that block's number."""
    if timing is None:
        return
    while lines and not lines[-1].strip():
        lines.pop()
    if has_number and lines and lines[-1].strip().isdecimal():
        lines.pop()
    payload = html.unescape("\n".join(lines)).strip()
    for voice, words in voices(payload):
        yield Cue(*timing, voice, words)


def _timing(line: str) -> tuple[float, float] | None:
    """Start and end in seconds of a line with an arrow between two times, else None."""
    if ARROW not in line[:LONGEST_TIMING]:
        return None
    import srt

    first, _, rest = line[:LONGEST_TIMING].partition(ARROW)
    second = rest.split()[:1]
    times = [first.strip(), *second]
    if len(times) != 2 or not all(TIME.fullmatch(time) for time in times):
        return None
    start, end = (srt.srt_timestamp_to_timedelta(time).total_seconds() for time in times)
    return start, end


FORMAT = Format("srt", "SubRip subtitles (.srt)", fits, parse)
