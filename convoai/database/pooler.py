"""Work through a pooler such as PgBouncer, which may give each transaction another connection.

Nothing may outlive a transaction there: no setting, no cursor, no lock. So the time limits go with
the first statement of each transaction (`SET LOCAL`), and what needs a session of its own
(migrations, backups, every command but the worker) uses DATABASE_DIRECT_URL.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import environ
import psycopg2
from django.core.exceptions import ImproperlyConfigured
from psycopg2 import sql
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, cursor

from convoai.database.addresses import parse_url
from convoai.environment import text

TRANSACTION = "transaction"
# The keys of an entry of DATABASES that exist with a pooler only: the two addresses, and the
# statements that each transaction begins with.
POOLER, LIMITS = "POOLER", "LIMITS"


def is_pooled(entry: Mapping[str, Any]) -> bool:
    """Whether connections with this entry of DATABASES go through the pooler."""
    return LIMITS in entry


def direct_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The same entry of DATABASES past the pooler; itself where there is none."""
    if not is_pooled(entry):
        return dict(entry)
    options = {**entry["POOLER"]["direct"]["OPTIONS"], **_kept_options(entry)}
    found = {**entry, **entry[POOLER]["direct"], "OPTIONS": options}
    del found[LIMITS]
    return found


def pooled_address(env: environ.Env, url: str, direct_url: str) -> dict[str, Any] | None:
    """`pooled` and `direct` when DB_POOLER is set, each as `parse_url` gives it; else None.

    Raises ImproperlyConfigured with one sentence when the variables do not fit together.
    """
    mode = text(env, "DB_POOLER", default="none")
    if mode not in {"none", TRANSACTION}:
        raise ImproperlyConfigured(
            f"DB_POOLER is {mode!r}, but must be {TRANSACTION} (right for pool_mode session, too) "
            "or none."
        )
    if mode == "none":
        if direct_url:
            raise ImproperlyConfigured(
                "DATABASE_DIRECT_URL is set and DB_POOLER is not: set DB_POOLER=transaction if "
                "DATABASE_URL leads to a pooler, or remove DATABASE_DIRECT_URL."
            )
        return None
    if not url or not direct_url:
        raise ImproperlyConfigured(
            "DB_POOLER=transaction needs two addresses: DATABASE_URL of the pooler, and "
            "DATABASE_DIRECT_URL of PostgreSQL itself, for migrations, backups and other commands."
        )
    try:
        direct = parse_url(direct_url)
    except ImproperlyConfigured as error:
        said = str(error).replace("DATABASE_URL", "DATABASE_DIRECT_URL")
        raise ImproperlyConfigured(said) from None
    return {"pooled": parse_url(url), "direct": direct}


def needs_session(arguments: Sequence[str] | None = None) -> bool:
    """Whether this management command works past the pooler: all but the worker, of which many
    may run."""
    return (sys.argv if arguments is None else arguments)[1:2] != ["qcluster"]


def limiting_cursor(limits: str) -> type[cursor]:
    """A cursor class that sends these statements (`SET LOCAL …`) with the first of a transaction.

    In the same message, so they cost no round trip; and they end with the transaction, whether it
    was begun or is that one statement.
    """
    return type("LimitingCursor", (_LimitingCursor,), {"limits": limits})


def is_behind_pooler(connection: Any) -> bool:
    """Whether something stands between this connection of the driver and PostgreSQL.

    A pooler makes up the process number that it tells when a connection is opened.
    """
    with connection.cursor() as asking:
        asking.execute("SELECT pg_backend_pid()")
        return bool(asking.fetchone()[0] != connection.info.backend_pid)


class _LimitingCursor(cursor):
    limits = ""

    def execute(self, query: Any, vars: Any = None) -> None:
        if self._begins():
            if self.name is None:
                query = self._limited(query)
            else:
                # A DECLARE is put before the query of a named cursor.
                self._set_limits()
        super().execute(query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:
        self._set_limits()
        super().executemany(query, vars_list)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        self._set_limits()
        super().copy_expert(sql, file, size)

    def _begins(self) -> bool:
        # The driver knows it from the last answer; the server is not asked.
        return bool(self.connection.info.transaction_status == TRANSACTION_STATUS_IDLE)

    def _set_limits(self) -> None:
        if self._begins() and not self.connection.autocommit:
            psycopg2.extensions.cursor(self.connection).execute(self.limits)

    def _limited(self, query: Any) -> Any:
        if isinstance(query, bytes):
            return self.limits.encode() + query
        if isinstance(query, sql.Composable):
            query = query.as_string(self.connection)
        return self.limits + query


def _kept_options(entry: Mapping[str, Any]) -> dict[str, Any]:
    names = ("connect_timeout", "application_name")
    return {name: entry["OPTIONS"][name] for name in names if name in entry["OPTIONS"]}
