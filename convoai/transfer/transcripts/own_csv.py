"""CSV of our own: a line of headings, then a message per row."""

from __future__ import annotations

import csv
import io

from convoai.transfer.transcripts.json_file import shape_refused
from convoai.transfer.transcripts.moments import iso_moment
from convoai.transfer.transcripts.reading import (
    MOST_CELLS,
    Choices,
    Format,
    Reading,
    first_lines,
    refuse_too_complex,
)

COLUMNS = {
    "content": ("content", "text", "message", "words"),
    "speaker": ("speaker", "name", "from", "author"),
    "sender": ("sender",),
    "timestamp": ("timestamp", "time", "date", "datetime"),
}
SENDERS = ("user", "partner")
DELIMITERS = (",", ";", "\t")
# The csv module refuses fields above 128 KB unless told; a file is at most so long.
LONGEST_FIELD = 2**31 - 1
# A spreadsheet takes these at the start of a cell for a formula, so exports put ' before them.
FORMULA_STARTS = ("'=", "'+", "'-", "'@", "'\t", "'\r")


def fits(text: str) -> bool:
    return _delimiter(text) is not None


def parse(text: str, choices: Choices) -> Reading:
    """Headings in any order and case; a separator of comma, semicolon or tab."""
    delimiter = _delimiter(text)
    if delimiter is None:
        raise shape_refused("The first line of CSV names `content`, and `sender` or `speaker`.")
    refuse_too_complex(text, delimiter, MOST_CELLS)
    csv.field_size_limit(LONGEST_FIELD)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    reading = Reading()
    try:
        places = _places(next(row for row in rows if any(row)))
        for row in rows:
            if any(cell.strip() for cell in row):
                _say(reading, row, places, rows.line_num, choices)
    except csv.Error:
        raise shape_refused(f"Line {rows.line_num:,} is not valid CSV.") from None
    return reading


def _delimiter(text: str) -> str | None:
    for line in first_lines(text, 1):
        for delimiter in DELIMITERS:
            places = _places([cell.strip('"') for cell in line.split(delimiter)])
            if "content" in places and ("speaker" in places or "sender" in places):
                return delimiter
    return None


def _places(headings: list[str]) -> dict[str, int]:
    """Which column is the content, the speaker, the sender, the time."""
    found: dict[str, int] = {}
    for index, heading in enumerate(headings):
        for column, names in COLUMNS.items():
            if heading.strip().casefold() in names:
                found.setdefault(column, index)
    return found


def _say(
    reading: Reading, row: list[str], places: dict[str, int], line: int, choices: Choices
) -> None:
    cells = {column: row[place] if place < len(row) else "" for column, place in places.items()}
    timestamp = cells.get("timestamp", "").strip()
    moment = iso_moment(timestamp, choices.naive_tz)
    if timestamp and moment is None:
        raise shape_refused(f"Line {line:,}: the time is not ISO 8601.")
    sender = cells.get("sender", "").strip()
    known = sender if sender in SENDERS else ""
    speaker = _without_quote(cells.get("speaker", "").strip()) or ("" if known else sender)
    if not (speaker or known):
        raise shape_refused(f"Line {line:,} names no speaker.")
    reading.say(speaker, _without_quote(cells["content"]), timestamp=moment, sender=known)


def _without_quote(cell: str) -> str:
    return cell[1:] if cell.startswith(FORMULA_STARTS) else cell


FORMAT = Format("csv", "CSV of our own: content, sender or speaker, timestamp", fits, parse)
