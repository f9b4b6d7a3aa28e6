"""Text with lines like `Name: words`, or as convoai itself writes a talk out."""

from __future__ import annotations

import re

from conversations.transcripts import NAMED_LINE, OWN_LINE
from convoai.transfer.transcripts.moments import iso_moment
from convoai.transfer.transcripts.reading import Choices, Format, Reading, first_lines

OURS = ("user", "partner")


def fits(text: str) -> bool:
    return any(_pattern(line) for line in first_lines(text, 1))


def parse(text: str, choices: Choices) -> Reading:
    """Lines without a name go on with the message above; before the first they are unnamed."""
    reading = Reading()
    pattern = next((_pattern(line) for line in first_lines(text, 1)), None) or NAMED_LINE
    previous: re.Match[str] | None = None
    for head in pattern.finditer(text):
        _say(reading, previous, text[previous.end() if previous else 0 : head.start()], choices)
        previous = head
    _say(reading, previous, text[previous.end() if previous else 0 :], choices)
    return reading


def _pattern(line: str) -> re.Pattern[str] | None:
    return next((one for one in (OWN_LINE, NAMED_LINE) if one.match(line)), None)


def _say(reading: Reading, head: re.Match[str] | None, words: str, choices: Choices) -> None:
    words = words.strip()
    if head is None:
        if words:
            reading.say("", words)
        return
    name = head[head.re.groups].strip()
    moment = iso_moment(head[1], choices.naive_tz) if head.re.groups == 2 else None
    if moment and name in OURS:
        reading.say("", words, timestamp=moment, sender=name)
    else:
        reading.say(name, words, timestamp=moment)


FORMAT = Format("text", "text with lines like `Name: words`, or without any names", fits, parse)
