"""How the replica stands, for commands: asked on connections of their own, past the pool."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connections

from convoai.database.postmaster import wait_until
from convoai.database.problems import connection_sentence
from convoai.database.reading import PRIMARY, REPLICA, is_replica_set
from convoai.database.replica.positions import (
    OF_PRIMARY,
    OF_REPLICA,
    Position,
    position,
    why_not,
)

# Seconds that a replica gets to show what the primary has just written.
PATIENCE = 0.5


def standing() -> str:
    """In half a sentence: in use and how far behind, or why it is not used."""
    try:
        with driver_connection(PRIMARY) as here:
            primary = position(here, OF_PRIMARY)
        with driver_connection(REPLICA) as there:
            replica = patient(primary, lambda: position(there, OF_REPLICA))
    except psycopg2.Error as error:
        said = connection_sentence(error, connections[REPLICA].settings_dict)
        return "not used: " + said.replace("DATABASE_URL", "DATABASE_REPLICA_URL")
    reason = why_not(primary, replica)
    if reason is not None:
        return f"not used: {reason}"
    behind = seconds_behind(primary, replica)
    if behind is None or behind > settings.REPLICA_MAX_LAG:
        return f"not used now: {lag_words(behind)}, of {settings.REPLICA_MAX_LAG} s allowed"
    return f"in use, {lag_words(behind)}"


def patient(primary: Position, ask: Callable[[], Position]) -> Position:
    """Where the replica is, asked again for a moment while it has not come as far as the primary.

    Of one that is a few bytes behind an idle primary, the last commit would tell nothing.
    """
    found = ask()

    def has_come() -> bool:
        nonlocal found
        found = ask()
        return primary.at is None or found.at is None or found.at >= primary.at

    wait_until(has_come, seconds=PATIENCE)
    return found


def seconds_behind(primary: Position, replica: Position) -> float | None:
    """The lag as one look at both tells it; None when a replica that is behind names no commit."""
    if primary.at is None or primary.time is None or replica.at is None:
        return None
    if replica.at >= primary.at:
        return 0.0
    return None if replica.time is None else max(0.0, primary.time - replica.time)


def lag_words(seconds: float | None) -> str:
    return "some time behind" if seconds is None else f"{seconds:.1f} s behind"


def wait_for_replica() -> None:
    """Return when the replica shows what a command has just written, at once without a replica.

    After REPLICA_STICKY seconds it returns in any case: nobody waits for a replica that is away.
    """
    if not is_replica_set():
        return
    deadline = time.monotonic() + settings.REPLICA_STICKY
    try:
        with driver_connection(PRIMARY) as here:
            goal = position(here, OF_PRIMARY).at or 0
        with driver_connection(REPLICA) as there:

            def has_come() -> bool:
                return (position(there, OF_REPLICA).at or goal) >= goal

            wait_until(has_come, seconds=deadline - time.monotonic())
    except psycopg2.Error:
        return


@contextmanager
def driver_connection(alias: str) -> Iterator[Any]:
    """A connection of the driver's in autocommit. Raises psycopg2.Error."""
    found = psycopg2.connect(**connections[alias].get_connection_params())
    try:
        found.autocommit = True
        yield found
    finally:
        found.close()
