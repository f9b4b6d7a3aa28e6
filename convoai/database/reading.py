"""From which database people's data is read: the primary, or a replica while a request allows it.

Without DATABASE_REPLICA_URL it is always the primary, and nothing here costs a query.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from django.db import connections

PRIMARY = "default"
REPLICA = "replica"


class Reading(Protocol):
    """One request that only reads; `alias` says where from, and may look at the user first."""

    def alias(self) -> str: ...

    def note_failure(self) -> None: ...


_reading: ContextVar[Reading | None] = ContextVar("convoai_reading", default=None)


def reading_alias() -> str:
    """The alias of the database from which people's data is to be read now."""
    reading = _reading.get()
    if reading is None or connections[PRIMARY].in_atomic_block:
        # What a transaction has written, or locked, is known to the primary alone.
        return PRIMARY
    return reading.alias()


def reading_connection() -> Any:
    """The connection for SQL of one's own that reads people's data; never to write with."""
    return connections[reading_alias()]


def is_replica_set() -> bool:
    """Whether DATABASE_REPLICA_URL names a replica."""
    return REPLICA in connections.settings


def current_reading() -> Reading | None:
    """The request that reads now, if it is one that may read from the replica."""
    return _reading.get()


@contextmanager
def reading_by(reading: Reading) -> Iterator[None]:
    """While it is entered, `reading` decides."""
    token = _reading.set(reading)
    try:
        yield
    finally:
        _reading.reset(token)
