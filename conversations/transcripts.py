"""From one long text to messages: turns where they can be told apart, otherwise segments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from convoai.database.fields import casefold_key

MAX_SEGMENT = 32_000
# A break is looked for in the last part of a segment only, so that segments stay of a size.
BREAK_WINDOW = 4_000
MAX_SPEAKERS = 12

# "2026-11-22T09:10:54+00:00 [partner]: words", as convoai itself writes a talk out.
OWN_LINE = re.compile(
    r"^(\d{4}-\d\d-\d\d[T ][\d:.]{5,15}(?:Z|[+-]\d\d:\d\d)?) \[([^\]\n]{1,80})\]: ?",
    re.MULTILINE,
)
# "Dana: words"
NAMED_LINE = re.compile(r"^([^\W\d_][^:\n]{0,39}): ", re.MULTILINE)
ME = {"user", "me", "i", "myself"}
THEM = {"partner", "them"}


@dataclass(frozen=True)
class Turn:
    """What one speaker said. `timestamp` is None where the text gives none."""

    sender: str
    speaker: str
    content: str
    timestamp: datetime | None = None


def split_transcript(text: str, partner_name: str) -> list[Turn]:
    """The turns of a transcript, or segments of at most 32,000 characters said by nobody known.

    Turns are told apart by lines like `2026-01-31T10:00:00Z [user]: words` or `Name: words`
    whose speakers can be mapped to the user and the partner. Blank text gives an empty list.
    """
    for pattern in (OWN_LINE, NAMED_LINE):
        turns = _turns(text, pattern, partner_name)
        if turns:
            return [piece for turn in turns for piece in _short(turn)]
    return [Turn("partner", "", segment) for segment in segments(text)]


def segments(text: str, limit: int = MAX_SEGMENT) -> Iterator[str]:
    """Parts of at most `limit` characters, cut at a paragraph, a line or a word where possible.

    Joined they give the text again, but for parts that are blank.
    """
    start = 0
    while start < len(text):
        end = min(start + limit, len(text))
        if end < len(text):
            end = _break_before(text, start, end)
        part = text[start:end]
        if part.strip():
            yield part
        start = end


def _break_before(text: str, start: int, end: int) -> int:
    floor = max(start + 1, end - BREAK_WINDOW)
    for mark in ("\n\n", "\n", " "):
        found = text.rfind(mark, floor, end)
        if found >= 0:
            return found + len(mark)
    return end


def _turns(text: str, pattern: re.Pattern[str], partner_name: str) -> list[Turn]:
    """Turns that begin with a line of the pattern; empty when the text is not of that form."""
    heads = list(pattern.finditer(text))
    if not heads or text[: heads[0].start()].strip():
        return []
    names = {match[match.re.groups] for match in heads}
    senders = _senders(names, partner_name)
    if senders is None:
        return []
    ends = [match.start() for match in heads[1:]] + [len(text)]
    turns = []
    for head, end in zip(heads, ends, strict=True):
        content = text[head.end() : end].strip()
        if content:
            name = head[head.re.groups]
            moment = _moment(head[1]) if head.re.groups == 2 else None
            speaker = "" if name in ("user", "partner") else name
            turns.append(Turn(senders[name], speaker, content, moment))
    return turns


def _senders(names: set[str], partner_name: str) -> dict[str, str] | None:
    """Who each speaker is; None when that cannot be told."""
    if len(names) > MAX_SPEAKERS:
        return None
    partner_keys = {casefold_key(partner_name), *casefold_key(partner_name).split()[:1]} | THEM
    senders = {}
    for name in names:
        key = casefold_key(name)
        if key in ME:
            senders[name] = "user"
        elif key in partner_keys:
            senders[name] = "partner"
    unknown = names - senders.keys()
    known = set(senders.values())
    if len(unknown) == 1 and len(known) == 1:
        senders[unknown.pop()] = "user" if known == {"partner"} else "partner"
    return senders if not unknown else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _short(turn: Turn) -> Iterator[Turn]:
    for content in segments(turn.content):
        yield Turn(turn.sender, turn.speaker, content, turn.timestamp)
