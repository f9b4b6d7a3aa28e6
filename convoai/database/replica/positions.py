"""What a server says of itself: which it is, and how far its write-ahead log has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

# The flushed position: all that was committed (with synchronous_commit off: all but the last
# moments) lies before it, and a replica can reach it; the inserted one may wait for the next
# commit. The number in the control file tells a server from another that looks alike.
OF_PRIMARY = """
SELECT pg_is_in_recovery(),
       CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() - '0/0'::pg_lsn END,
       extract(epoch FROM clock_timestamp()),
       (SELECT system_identifier FROM pg_control_system()),
       (SELECT oid FROM pg_database WHERE datname = current_database())
"""
OF_REPLICA = """
SELECT pg_is_in_recovery(),
       pg_last_wal_replay_lsn() - '0/0'::pg_lsn,
       extract(epoch FROM pg_last_xact_replay_timestamp()),
       (SELECT system_identifier FROM pg_control_system()),
       (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True)
class Position:
    """Where a server is.

    `at`: bytes of write-ahead log, flushed (primary) or replayed (replica); None when the server
    does not tell. `time`: seconds since 1970 by the primary's clock, now (primary) or when the
    transaction was committed that the replica replayed last. `identity`: server and database.
    """

    in_recovery: bool
    at: int | None
    time: float | None
    identity: tuple[int, int]

    @classmethod
    def of(cls, row: Sequence[Any]) -> Self:
        """From the row that one of the two queries gives."""
        in_recovery, at, time, system, database = row
        return cls(
            bool(in_recovery),
            None if at is None else int(at),
            None if time is None else float(time),
            (int(system), int(database)),
        )


def position(connection: Any, query: str) -> Position:
    """Ask a connection, Django's or the driver's. One query."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        return Position.of(cursor.fetchone())


def why_not(primary: Position, replica: Position) -> str | None:
    """What keeps the second server from standing in for the first, as half a sentence."""
    if not replica.in_recovery:
        return "it is no replica but takes writes itself"
    if replica.identity[0] != primary.identity[0]:
        return "it is a replica of another server"
    if replica.identity[1] != primary.identity[1]:
        return "its address names another database of the same server"
    if primary.at is None:
        return "DATABASE_URL itself names a replica"
    if replica.at is None:
        return "it does not tell how far it has come"
    return None
