"""Work that only one process may do at a time, on however many machines they run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from django.db import DEFAULT_DB_ALIAS, connections

from convoai.database.problems import DatabaseProblem

# Numbers of advisory locks, which are counted per database: "convoai" as a number, and the next.
MIGRATING = int.from_bytes(b"convoai", "big")
LOADING_DEMO = MIGRATING + 1
# Seconds to wait for the other one: a migration of much data takes its time.
PATIENCE = 3600


@contextmanager
def alone(
    lock: int,
    *,
    database: str = DEFAULT_DB_ALIAS,
    patience: float = PATIENCE,
    waiting: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Hold the advisory lock of this number during the block; `waiting` is called before a wait.

    Held by a transaction on a connection of its own, so that it works behind PgBouncer in
    transaction mode too, ends with this process whatever becomes of it, and does not depend on
    transactions of the block. That transaction has no snapshot: CREATE INDEX CONCURRENTLY does
    not wait for it. Raises DatabaseProblem after `patience` seconds, and the driver's errors.
    """
    holder = psycopg2.connect(**connections[database].get_connection_params())
    try:
        with holder.cursor() as cursor:
            # The time that the block takes, this transaction stands idle.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
            if not cursor.fetchone()[0]:
                waiting()
                _wait(cursor, lock, patience)
        yield
    finally:
        holder.close()


def _wait(cursor: Any, lock: int, patience: float) -> None:
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{round(patience * 1000)}ms"])
    try:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    except psycopg2.errors.LockNotAvailable as error:
        raise DatabaseProblem(
            f"Another process has been preparing this database for {patience:g} s: look what it "
            "does (`manage.py doctor` names long transactions), or end it, and try again."
        ) from error
