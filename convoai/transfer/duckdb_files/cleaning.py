"""Rows of the older backend made fit for PostgreSQL, each repair noted with its row."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from conversations.fact_keys import is_many_valued
from conversations.models.moments import FIRST_MOMENT, LAST_MOMENT
from conversations.transcripts import ME, THEM
from convoai.database.fields import casefold_key
from convoai.transfer.duckdb_files import passwords
from convoai.transfer.duckdb_files.findings import Findings
from convoai.transfer.duckdb_files.tables import Column, Table
from convoai.transfer.duckdb_files.vectors import BadVector, read_vector

Row = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FIRST, LAST = (FIRST_MOMENT - EPOCH) // MICROSECOND, (LAST_MOMENT - EPOCH) // MICROSECOND
# PostgreSQL stores no NUL; this is its picture, U+2400.
NUL, NUL_PICTURE = "\x00", "\u2400"
NO_NAME = "(no name)"
# A domain that can never receive mail (RFC 2606).
NO_DOMAIN = "imported.invalid"
LONGEST_EMAIL = 254


class Cleaner:
    """Cleans the rows of one table; `zone` is what times without a zone are taken for."""

    def __init__(
        self, table: Table, findings: Findings, zone: tzinfo, naive: frozenset[str] = frozenset()
    ) -> None:
        self._table = table
        self._findings = findings
        self._zone = zone
        self._naive = naive
        self._names = [column.name for column in table.columns]
        self._checks = [
            (column.name, self._check(column))
            for column in table.columns
            if column.kind in {"text", "time", "vector"}
        ]
        self._finish: Callable[[Row, Note], None] = FINISH[table.name]

    def clean(self, values: tuple[Any, ...]) -> Row | None:
        """The row with every value fit to be stored; None (and noted) when nothing is left."""
        row = dict(zip(self._names, values, strict=False))
        number = row["id"] if "id" in row else row["conversation_id"]

        def note(what: str) -> None:
            self._findings.repair(self._table.name, what, number)

        for name, check in self._checks:
            value = row[name]
            if value is not None:
                row[name] = check(value, note)
        try:
            self._finish(row, note)
        except Worthless as reason:
            self._findings.skip(self._table.name, str(reason), number)
            return None
        return row

    def _check(self, column: Column) -> Callable[[Any, Note], Any]:
        if column.kind == "text":
            return lambda value, note: _text(column, value, note)
        if column.kind == "vector":
            return lambda value, note: _vector(column, value, note)
        is_naive = column.name in self._naive
        return lambda value, note: self._time(column, value, is_naive, note)

    def _time(self, column: Column, value: Any, is_naive: bool, note: Note) -> int | None:
        if isinstance(value, str):
            try:
                moment = datetime.fromisoformat(value.strip())
            except ValueError:
                note(f"{column.name} is no time, left empty")
                return None
            value = (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)) - EPOCH
            value //= MICROSECOND
        elif is_naive and FIRST <= value <= LAST and self._zone is not UTC:
            local = (EPOCH + value * MICROSECOND).replace(tzinfo=self._zone)
            value = (local - EPOCH) // MICROSECOND
        if FIRST <= value <= LAST:
            return int(value)
        note(f"{column.name} outside of the years 1900 to 2200, set to the nearest time inside")
        return FIRST if value < FIRST else LAST


Note = Callable[[str], None]


class Worthless(Exception):
    """Nothing of the row can be kept; the message is the reason."""


def _text(column: Column, value: str, note: Note) -> str:
    if NUL in value:
        note(f"{column.name}: NUL characters became {NUL_PICTURE}")
        value = value.replace(NUL, NUL_PICTURE)
    if column.limit and len(value) > column.limit:
        note(f"{column.name} cut to {column.limit} characters")
        value = value[: column.limit]
    return value


def _vector(column: Column, value: str, note: Note) -> Any:
    if value.strip() == "null":
        return None
    try:
        return read_vector(value)
    except BadVector as reason:
        note(f"{column.name} {reason}, left empty")
        return None


def _times(row: Row, note: Note, *names: str) -> None:
    """Fill the given times from each other, else with the beginning of 1970."""
    known: int | None = next((row[name] for name in names if row[name] is not None), None)
    for name in names:
        if row[name] is None:
            note(f"{name} was empty, taken from another time" if known else f"{name} is unknown")
            row[name] = known or 0


def _user(row: Row, note: Note) -> None:
    email = (row["email"] or "").strip()
    if "@" not in email or len(email) > LONGEST_EMAIL:
        note("email is no address, replaced")
        email = f"user-{row['id']}@{NO_DOMAIN}"
    row["email"] = email
    if not row["username"]:
        note("username was empty, taken from the e-mail address")
        row["username"] = email.split("@")[0][:140] or "user"
    stored = passwords.import_hash(row["hashed_password"])
    if stored is None:
        note("no usable password: it must be set anew")
    row["hashed_password"] = stored or passwords.unusable()
    if row["is_active"] is None:
        row["is_active"] = True
    _times(row, note, "created_at")


def _partner(row: Row, note: Note) -> None:
    if not (row["name"] or "").strip():
        note("name was empty")
        row["name"] = NO_NAME
    _times(row, note, "created_at")


def _conversation(row: Row, note: Note) -> None:
    row["is_analyzed"] = bool(row["is_analyzed"])
    _times(row, note, "started_at", "created_at")
    if row["ended_at"] is not None and row["ended_at"] < row["started_at"]:
        note("ended_at is before started_at, left empty")
        row["ended_at"] = None


def _message(row: Row, note: Note) -> None:
    sender = row["sender"] or ""
    row["speaker"] = ""
    if sender not in ("user", "partner"):
        key = casefold_key(sender)
        row["sender"] = "user" if key in ME else "partner"
        if key not in ME | THEM:
            row["speaker"] = sender[:255]
        note(
            "sender is neither user nor partner: kept as speaker, taken for the partner"
            if key not in ME | THEM
            else "sender spelled otherwise"
        )
    if row["content"] is None:
        row["content"] = ""
    if not row["content"].strip():
        note("content is empty, kept")
    _times(row, note, "timestamp", "created_at")


def _topic(row: Row, note: Note) -> None:
    if not casefold_key(row["name"] or ""):
        raise Worthless("it has no name")
    row["name_key"] = casefold_key(row["name"])
    _times(row, note, "created_at")


def _link(row: Row, note: Note) -> None:
    score = row["relevance_score"]
    if score is None:
        row["relevance_score"] = 5
        note("relevance_score was empty, taken for 5")
    elif not 1 <= score <= 10:
        row["relevance_score"] = min(max(score, 1), 10)
        note("relevance_score set to the nearest of 1 to 10")
    _times(row, note, "created_at")


def _fact(row: Row, note: Note) -> None:
    if not (row["fact_value"] or "").strip():
        raise Worthless("it has no value")
    for name, instead in (("fact_key", "note"), ("category", "other")):
        if not (row[name] or "").strip():
            note(f"{name} was empty, taken for {instead}")
            row[name] = instead
    confidence = row["confidence"]
    if confidence is None:
        row["confidence"] = 1.0
        note("confidence was empty, taken for 1")
    elif math.isnan(confidence):
        row["confidence"] = 0.0
        note("confidence is no number, set to 0")
    elif not 0 <= confidence <= 1:
        row["confidence"] = min(max(confidence, 0.0), 1.0)
        note("confidence set to the nearest of 0 to 1")
    if row["is_current"] is None:
        row["is_current"] = True
    row["many_valued"] = is_many_valued(row["fact_key"])
    _times(row, note, "extracted_at", "created_at")


FINISH: dict[str, Callable[[Row, Note], None]] = {
    "users": _user,
    "conversation_partners": _partner,
    "conversations": _conversation,
    "messages": _message,
    "topics": _topic,
    "conversation_topics": _link,
    "extracted_facts": _fact,
}


def moment(microseconds: int) -> datetime:
    """The time so many microseconds after the beginning of 1970, UTC."""
    return EPOCH + microseconds * MICROSECOND


def microseconds(time: datetime) -> int:
    return (time - EPOCH) // MICROSECOND


def kept_time(time: datetime | None) -> datetime | None:
    """The time if it may be stored, else None."""
    return time if time is not None and FIRST_MOMENT <= time <= LAST_MOMENT else None
