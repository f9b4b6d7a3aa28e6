"""The test of an idle connection before it is used again, mostly without a round trip."""

from __future__ import annotations

import select
import time
from typing import Any, cast
from weakref import WeakKeyDictionary

import psycopg2
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

# Seconds for which a tested connection is trusted as long as its socket is silent.
TRUSTED_FOR = 5.0
_tested: WeakKeyDictionary[Any, float] = WeakKeyDictionary()


class Dialect(PGDialect_psycopg2):
    """SQLAlchemy's dialect for the pool, which asks a busy connection only now and then.

    A server that ends a connection (a restart, a kill, an idle timeout) says so or closes the
    socket, which can be seen here without asking. Only one that vanished without a word is found
    by asking, so that is still done, but not for each of hundreds of requests per second.
    """

    def do_ping(self, dbapi_connection: Any) -> bool:
        now = time.monotonic()
        if now - _tested.get(dbapi_connection, float("-inf")) < TRUSTED_FOR and is_silent(
            dbapi_connection
        ):
            return True
        # SQLAlchemy leaves this method of psycopg2's dialect without types.
        alive = cast(bool, super().do_ping(dbapi_connection))  # type: ignore[no-untyped-call]
        _tested[dbapi_connection] = now
        return alive


def dialect(driver: Any) -> Any:
    """The dialect for a pool of this driver's connections."""
    untyped: Any = Dialect
    return untyped(dbapi=driver)


def is_silent(connection: Any) -> bool:
    """Whether nothing arrived on an idle connection, as it is while all is well."""
    if not hasattr(select, "poll"):  # Windows
        return False
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLIN)
        return not poll.poll(0)
    except (psycopg2.InterfaceError, OSError, ValueError):
        return False
