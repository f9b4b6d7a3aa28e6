"""A file, understood: its messages in the form that the tables hold, and what was found."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import PurePath

from conversations.transcripts import segments
from convoai.refusals import Refusal
from convoai.transfer.transcripts.decoding import decode
from convoai.transfer.transcripts.moments import FIRST_YEAR, LAST_YEAR
from convoai.transfer.transcripts.reading import (
    FILE,
    MOST_LINES,
    MOST_MESSAGES,
    Choices,
    Reading,
    Turn,
    refuse_too_complex,
    too_many,
)
from convoai.transfer.transcripts.registry import format_of
from convoai.transfer.transcripts.speakers import SKIP, roles_of, without_false_names

LONGEST_NAME = 255
LONGEST_TITLE = 500
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wishes:
    """What the person says about a file; what is left out is told from the file.

    `me` is the name under which the user speaks, `mapping` the roles of other names (see
    `speakers.read_mapping`), `started_at` when the recording began.
    """

    me: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    started_at: datetime | None = None
    format: str | None = None
    date_order: str = ""
    naive_tz: tzinfo = UTC


@dataclass(slots=True)
class Said:
    """One message as it is stored."""

    sender: str
    speaker: str
    content: str
    timestamp: datetime


@dataclass(frozen=True)
class Speaker:
    """A name in the file, whose it is (see `speakers`), and how many turns it has."""

    name: str
    sender: str
    messages: int


@dataclass(frozen=True)
class Transcript:
    """What a file holds. `digest` is the same for the same words, whatever their encoding."""

    digest: str
    format: str
    encoding: str
    date_order: str | None
    title: str | None
    started_at: datetime
    ended_at: datetime
    messages: list[Said]
    speakers: list[Speaker]
    skipped: dict[str, int]
    repaired: dict[str, int]


def read_transcript(data: bytes, *, partner_name: str, wishes: Wishes, now: datetime) -> Transcript:
    """The messages of a file. Touches no database; raises Refusal for what cannot be told.

    Relative times count from `wishes.started_at`, else from what the file says, else so that the
    talk ends `now`.
    """
    decoded = decode(data)
    refuse_too_complex(decoded.text, "\n", MOST_LINES)
    chosen = format_of(decoded.text, wishes.format)
    reading = chosen.parse(decoded.text, Choices(wishes.naive_tz, wishes.date_order))
    if not reading.turns:
        raise Refusal("no_messages", "The file holds no messages.", place=FILE)
    counts = Counter(turn.speaker for turn in reading.turns if not turn.sender)
    roles = roles_of(list(counts), me=wishes.me, partner_name=partner_name, mapping=wishes.mapping)
    skipped, repaired = reading.skipped, Counter({"nul": decoded.nuls})
    start = _start(reading, wishes.started_at, now)
    turns = without_false_names(reading.turns, roles)
    messages = _messages(turns, roles, start, skipped, repaired)
    if not messages:
        raise Refusal("no_messages", "All speakers are left out; nothing remains.", place=FILE)
    # Where the file tells the day of each message, the wish tells nothing more.
    has_days = any(turn.timestamp for turn in reading.turns)
    began = (None if has_days else wishes.started_at) or reading.started_at
    first, last = _span(messages, began or messages[0].timestamp, now)
    return Transcript(
        digest=hashlib.sha256(decoded.text.encode()).hexdigest(),
        format=chosen.name,
        encoding=decoded.encoding,
        date_order=reading.date_order,
        title=reading.title[:LONGEST_TITLE] if reading.title else None,
        started_at=first,
        ended_at=last,
        messages=messages,
        speakers=[Speaker(name, roles[name], count) for name, count in counts.items()],
        skipped=dict(+skipped),
        repaired=dict(+repaired),
    )


def title_of(file_name: str) -> str:
    """The file's name as a title, without its ending and what cannot be shown."""
    return printable(PurePath(file_name).stem)


def printable(title: str) -> str:
    """As much of a title as can be stored and shown."""
    return "".join(one for one in title if one.isprintable())[:LONGEST_TITLE]


def _start(reading: Reading, wished: datetime | None, now: datetime) -> datetime:
    """Where relative times count from; without a date the talk ends now."""
    if wished or reading.started_at:
        return wished or reading.started_at or now
    longest = max((turn.offset or 0.0 for turn in reading.turns), default=0.0)
    return now - timedelta(seconds=longest)


def _messages(
    turns: list[Turn],
    roles: Mapping[str, str],
    start: datetime,
    skipped: Counter[str],
    repaired: Counter[str],
) -> list[Said]:
    """The turns as messages: long ones cut, blank ones kept and counted, all with a time."""
    messages: list[Said] = []
    moment = start
    for turn in turns:
        sender = turn.sender or roles[turn.speaker]
        if sender == SKIP:
            skipped["speaker"] += 1
            continue
        if turn.timestamp is not None:
            moment = turn.timestamp
        elif turn.offset is not None:
            moment = start + timedelta(seconds=turn.offset)
        parts = list(segments(turn.content)) or [turn.content.strip()]
        if not parts[0]:
            repaired["blank"] += 1
        if len(parts) > 1:
            repaired["cut"] += 1
        speaker = turn.speaker[:LONGEST_NAME]
        messages.extend(Said(sender, speaker, part, moment) for part in parts)
        if len(messages) > MOST_MESSAGES:
            raise too_many()
    return messages


def _span(messages: list[Said], started: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The first and the last time. Raises Refusal for times that no talk can have."""
    times = [started, *(message.timestamp for message in messages)]
    first, last = min(times), max(times)
    if first.year < FIRST_YEAR or last.year > LAST_YEAR:
        message = f"The years must lie between {FIRST_YEAR} and {LAST_YEAR}."
        raise Refusal("time_out_of_range", message, place=FILE)
    if last > now + A_DAY:
        message = (
            "A message lies in the future; check the order of day and month (date_order=) and "
            "the start (date=)."
        )
        raise Refusal("in_future", message, place=FILE)
    return first, last
