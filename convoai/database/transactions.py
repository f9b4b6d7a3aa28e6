"""Transactions for services: retried when the database asks for it, and longer when allowed."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import psycopg2
from django.db import InterfaceError, OperationalError, connection, connections, transaction

P = ParamSpec("P")
R = TypeVar("R")

# Deadlock detected, serialization failure: the same work may well succeed a moment later.
RETRIED = frozenset({"40P01", "40001"})
TRIES = 4
LOST = (
    OperationalError,
    InterfaceError,
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
)
# Seconds before the first retry; doubled for each further one.
PAUSE = 0.02


def write(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` in one transaction, and up to three times more after a deadlock.

    Inside another transaction it becomes a savepoint and is not retried: only the outermost one
    can be begun anew. What the function changes besides the database must bear repeating.
    """

    @functools.wraps(function)
    def in_transaction(*args: P.args, **kwargs: P.kwargs) -> R:
        tries = 1 if connection.in_atomic_block else TRIES
        for attempt in range(1, tries + 1):
            try:
                with transaction.atomic():
                    return function(*args, **kwargs)
            except OperationalError as error:
                if attempt == tries or sqlstate(error) not in RETRIED:
                    raise
            # Those who collided must not meet again at the same moment.
            time.sleep(PAUSE * 2**attempt * random.random())  # noqa: S311 - no secret
        raise AssertionError("unreachable: the last attempt returns or raises")

    return in_transaction


def release_connection() -> None:
    """Give this thread's connections back to their pools before slow work elsewhere.

    Does nothing inside a transaction, which would be lost. The next query takes one again.
    """
    for used in connections.all(initialized_only=True):
        if not used.in_atomic_block:
            used.close()


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-character code of an error, Django's or the driver's, if any."""
    for candidate in (error, error.__cause__):
        code = getattr(candidate, "pgcode", None)
        if code:
            return str(code)
    return None


def is_lost(error: BaseException) -> bool:
    """Whether an error, Django's or the driver's, says that there is no connection (any more).

    Such errors carry no SQLSTATE, and for some the driver knows no kind either: a server that is
    killed during a statement is a bare DatabaseError.
    """
    if sqlstate(error) is not None:
        return False
    return isinstance(error, LOST) or type(error.__cause__ or error) is psycopg2.DatabaseError


@contextmanager
def statement_timeout(seconds: float) -> Iterator[None]:
    """A transaction whose statements may take up to `seconds` (0 = any time).

    The limit ends with the transaction, never with the next user of the pooled connection.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds:g}s"])
        yield
