"""COPY from rows that are made while PostgreSQL reads them, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import DatabaseError, connection

ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
NULL = "\\N"


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Copy rows into the columns of a table; returns how many. None becomes null.

    Triggers, constraints and indexes work as for any insert. Raises what the database
    raises, and what making the rows raises. Making them must not ask the database for anything:
    its connection is busy.
    """
    source = _Lines(rows)
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    with connection.cursor() as cursor:
        try:
            with connection.wrap_database_errors:
                cursor.copy_expert(f"COPY {quote(table)} ({names}) FROM STDIN", source)
        except DatabaseError:
            # What went wrong while rows were made reaches the driver as a cancelled query.
            if source.problem is not None:
                raise source.problem from None
            raise
    return source.count


class _Lines:
    """A file that psycopg2 reads: rows in COPY's text format, made when they are asked for."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows = iter(rows)
        self._rest = b""
        self.count = 0
        self.problem: BaseException | None = None

    def read(self, size: int = 8192) -> bytes:
        try:
            return self._read(size)
        except BaseException as problem:
            self.problem = problem
            raise

    def _read(self, size: int) -> bytes:
        parts, length = [self._rest], len(self._rest)
        while length < size:
            row = next(self._rows, None)
            if row is None:
                break
            line = ("\t".join(map(_text, row)) + "\n").encode()
            parts.append(line)
            length += len(line)
            self.count += 1
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]


def _text(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).translate(ESCAPES)
