"""The one connection that changes the layout, and waiting for locks without blocking others."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg2

from convoai.operations.backup.server import Server, value_of
from convoai.operations.partitions.names import LOCK_KEY, TABLES
from convoai.refusals import Refusal

R = TypeVar("R")

# Told what is being done, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]
# Whoever waits for a lock holds up all who come later, so nobody waits for long; then others
# get their turn before it is tried again.
LOCK_TIMEOUT = 0.2
PAUSE = (0.2, 1.0)
# Somebody else's lock, deadlock, or a row that went meanwhile: the same may succeed a moment later.
AGAIN = frozenset({"55P03", "57014", "40P01", "40001", "23503", "23505"})
SETTINGS = """
SET TIME ZONE 'UTC';
SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_min_messages = warning
"""


@contextmanager
def changing(server: Server, *, patience: float = 10) -> Iterator[Any]:
    """A connection that alone may change the layout. Raises Refusal when another one does."""
    with server.connect() as found:
        with found.cursor() as cursor:
            cursor.execute(SETTINGS)
            _work_as_owner(cursor)
            # A session that was killed lets go when its statement ends.
            for _ in range(1 + int(patience * 2)):
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
                if cursor.fetchone()[0]:
                    break
                time.sleep(0.5)
            else:
                raise Refusal(
                    "running",
                    "Another `manage.py partition` is at work: wait for its end, or end it first.",
                )
        yield found


def _work_as_owner(cursor: Any) -> None:
    """What an administrator makes would be the administrator's, and convoai locked out."""
    cursor.execute(
        "SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class "
        "WHERE oid = to_regclass(%s) AND pg_get_userbyid(relowner) <> current_user",
        [TABLES[0]],
    )
    for (owner,) in cursor.fetchall():
        cursor.execute(f"SET ROLE {owner}")


@contextmanager
def transaction(found: Any) -> Iterator[Any]:
    """A cursor in a transaction that is committed at the end, or rolled back."""
    with found.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            yield cursor
        except BaseException:
            if not found.closed:
                cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")


def brief(cursor: Any) -> None:
    """The rest of this transaction waits for no lock for long."""
    cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT:g}s'")


def insist(work: Callable[[], R], *, minutes: float = 10, what: str) -> R:
    """Do `work`, and again after a pause while others are in its way. Raises Refusal."""
    until = time.monotonic() + minutes * 60
    while True:
        try:
            return work()
        except psycopg2.Error as error:
            if error.pgcode not in AGAIN:
                raise
            if time.monotonic() > until:
                raise Refusal(
                    "busy",
                    f"Others were in the way of {what} for {minutes:g} minutes (long transactions "
                    "or a running backup; `manage.py doctor` names them). What was done is kept: "
                    "give the same command again when they are gone.",
                ) from error
        time.sleep(random.uniform(*PAUSE))  # noqa: S311 - no secret


def current_schema(found: Any) -> str:
    """The schema of convoai's tables, quoted."""
    return str(value_of(found, "SELECT quote_ident(current_schema())"))
