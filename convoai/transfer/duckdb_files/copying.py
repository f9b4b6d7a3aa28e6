"""Rows into PostgreSQL by COPY, as they come: no list of all of them is ever made."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from convoai.transfer.duckdb_files.vectors import vector_text

# Of COPY's text format.
ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
NULL = "\\N"
PIECE = 1 << 16


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append the rows (values in the order of the columns) to the table."""
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f'COPY "{table}" ({names}) FROM STDIN', Lines(rows))


class Lines(io.RawIOBase):
    """The rows as a file of lines in COPY's text format, for a reader that takes them in pieces."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._lines = self._encoded(rows)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; none at the end."""
        size = size if size > 0 else PIECE
        pieces, length = [self._rest], len(self._rest)
        while length < size:
            line = next(self._lines, None)
            if line is None:
                break
            pieces.append(line)
            length += len(line)
        found = b"".join(pieces)
        self._rest = found[size:]
        return found[:size]

    @staticmethod
    def _encoded(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
        for row in rows:
            yield ("\t".join(map(field, row)) + "\n").encode()


def field(value: Any) -> str:
    """One value in COPY's text format."""
    if value is None:
        return NULL
    if isinstance(value, str):
        return value.translate(ESCAPES)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    if isinstance(value, array):
        return vector_text(value)
    return str(value)
