"""Chats that WhatsApp exports, from Android and from iOS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from convoai.refusals import Refusal
from convoai.transfer.transcripts.reading import (
    FILE,
    MOST_MESSAGES,
    Choices,
    Format,
    Reading,
    first_lines,
    too_many,
)
from convoai.transfer.transcripts.whatsapp_dates import Stamp, order_of, stamp_of
from convoai.transfer.transcripts.whatsapp_notices import DIRECTION_MARKS, words_of


@dataclass(slots=True)
class Entry:
    """One line with a date and the lines below it that have none."""

    stamp: Stamp
    lines: list[str]
    # The line with its date, for one that turns out to have none.
    first: str


def fits(text: str) -> bool:
    return any(stamp_of(line) for line in first_lines(text, 5))


def parse(text: str, choices: Choices) -> Reading:
    """Messages with their times; notices, calls, media and deleted messages are only counted.

    Raises Refusal `ambiguous_dates` when day and month cannot be told apart.
    """
    entries = _entries(text)
    if not entries:
        message = "This is no WhatsApp chat: no line begins with a date and a time."
        raise Refusal("unknown_format", message, place=FILE)
    order = choices.date_order or order_of(entry.stamp for entry in entries)
    reading = Reading(date_order=order or None)
    for entry, moment in _dated(entries, order, choices.naive_tz):
        _say(reading, entry, moment)
    return reading


def _entries(text: str) -> list[Entry]:
    entries: list[Entry] = []
    for line in text.split("\n"):
        stamp = stamp_of(line)
        if stamp:
            if len(entries) >= MOST_MESSAGES:
                raise too_many()
            entries.append(Entry(stamp, [line[stamp.end :]], line))
        elif entries:
            entries[-1].lines.append(line)
    return entries


def _dated(entries: list[Entry], order: str, zone: tzinfo) -> list[tuple[Entry, datetime]]:
    """Entries with their times; what only looked like a date goes on with the entry above."""
    dated: list[tuple[Entry, datetime]] = []
    for entry in entries:
        moment = entry.stamp.moment(order)
        if moment is not None:
            dated.append((entry, moment.replace(tzinfo=zone).astimezone(UTC)))
        elif dated:
            dated[-1][0].lines.extend([entry.first, *entry.lines[1:]])
    return dated


def _say(reading: Reading, entry: Entry, moment: datetime) -> None:
    name, mark, first = entry.lines[0].partition(": ")
    if not mark:
        if not name.endswith(":"):
            reading.skipped["system"] += 1
            return
        name = name[:-1]
    words, reason = words_of(first, entry.lines[1:])
    if words is None:
        reading.skipped[reason] += 1
        return
    if reason:
        reading.skipped[reason] += 1
    reading.say(clean_name(name), words, timestamp=moment)


def clean_name(name: str) -> str:
    """The name without marks of direction, and without the `~` before names not in the contacts."""
    return name.translate(DIRECTION_MARKS).strip().removeprefix("~").strip()


FORMAT = Format("whatsapp", "a chat exported from WhatsApp (Android, iOS)", fits, parse)
