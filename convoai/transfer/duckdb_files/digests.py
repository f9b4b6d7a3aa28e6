"""The canonical content of a row in few bytes, the same for a file's row and a stored one."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from convoai.transfer.duckdb_files import passwords
from convoai.transfer.duckdb_files.cleaning import microseconds
from convoai.transfer.duckdb_files.tables import Column, Table
from convoai.transfer.duckdb_files.vectors import stored_vector

SIZE = 16


def digest(values: Iterable[Any]) -> bytes:
    """The digest of canonical values: text, whole numbers, true and false, None, hex text."""
    return blake2b(orjson.dumps(list(values)), digest_size=SIZE).digest()


def digested_columns(table: Table) -> tuple[Column, ...]:
    """The columns that a digest covers, in order."""
    return tuple(one for one in table.contents if one.name not in table.late + table.derived)


def canonical(column: Column, value: Any) -> Any:
    """A cleaned value, or one as PostgreSQL gave it, in the form that digests take."""
    if value is None:
        return None
    if column.kind == "time":
        return microseconds(value) if isinstance(value, datetime) else value
    if column.kind == "vector":
        numbers = value if isinstance(value, array) else stored_vector(value)
        return blake2b(numbers.tobytes(), digest_size=SIZE).hexdigest()
    if column.kind == "number":
        # The older backend keeps single precision.
        return struct.pack("<f", value).hex()
    if column.name == "hashed_password":
        return "unusable" if passwords.is_unusable(value) else value
    return value


class Checksum:
    """A sum over digests: the order of the rows does not matter, their number does."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, content: bytes, more: Sequence[Any]) -> bytes:
        """Count a row in; returns the digest of the whole of it."""
        whole = blake2b(content + orjson.dumps(list(more)), digest_size=SIZE).digest()
        self._sum = (self._sum + int.from_bytes(whole, "big")) % (1 << 8 * SIZE)
        return whole

    def __str__(self) -> str:
        return f"{self._sum:032x}"[:SIZE]
