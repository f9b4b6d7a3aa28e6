"""Django's PostgreSQL backend with pooled psycopg2 connections, mended where the library errs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections
from django.db.backends.base.base import NO_DB_ALIAS

from convoai.database.driver import PSYCOPG3_SENTENCE, psycopg3_is_importable

if psycopg3_is_importable():
    # Django would silently take it, and the pool would hand out the wrong connections.
    raise ImproperlyConfigured(PSYCOPG3_SENTENCE)

from dj_db_conn_pool.backends.postgresql.base import DatabaseWrapper as PooledWrapper
from django.db.backends.postgresql.creation import DatabaseCreation as PostgresCreation
from sqlalchemy import exc

from convoai.database import statement_times
from convoai.database.backend.client import DatabaseClient
from convoai.database.backend.cursors import Timed, TimedDebug
from convoai.database.backend.pings import dialect
from convoai.database.backend.pools import (
    PoolKey,
    dispose_pools,
    find_pool,
    leave_to_parent,
    make_pool,
)
from convoai.database.backend.schema import DatabaseSchemaEditor
from convoai.database.pooler import LIMITS, is_pooled, limiting_cursor
from convoai.database.problems import DatabaseProblem, PoolExhausted

# Seconds before a bundled server that could not be started is tried again.
RESTART_PAUSE = 5.0


class DatabaseCreation(PostgresCreation):
    """Test databases: explicitly wanted, so the bundled server starts even when stopped."""

    def create_test_db(
        self,
        verbosity: int = 1,
        autoclobber: bool = False,
        serialize: bool | None = None,
        keepdb: bool = False,
    ) -> str:
        data_dir = self.connection.settings_dict.get("BUNDLED_DATA_DIR")
        if data_dir:
            from convoai.database.bundled import start

            start(Path(data_dir))
        # No connection to the real database survives into the tests.
        self.connection.close()
        dispose_pools()
        return super().create_test_db(verbosity, autoclobber, serialize, keepdb)

    def destroy_test_db(
        self,
        old_database_name: str | None = None,
        verbosity: int = 1,
        keepdb: bool = False,
        suffix: str | None = None,
    ) -> None:
        self.connection.close()
        # A database with a connection, even an idle one, cannot be dropped.
        dispose_pools()
        super().destroy_test_db(old_database_name, verbosity, keepdb, suffix)

    @contextmanager
    def _nodb_cursor(self) -> Iterator[Any]:
        """A cursor that makes and drops databases, without the time limit of web requests."""
        with self.connection._nodb_cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            yield cursor


class DatabaseWrapper(PooledWrapper):
    """One thread's view of the database; its connection comes from the process's pool."""

    client_class = DatabaseClient
    creation_class = DatabaseCreation
    SchemaEditorClass = DatabaseSchemaEditor
    _last_failed_start = float("-inf")

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        if is_pooled(self.settings_dict):
            params["cursor_factory"] = limiting_cursor(self.settings_dict[LIMITS])
        return params

    def chunked_cursor(self) -> Any:
        """A cursor whose rows stay with the server until they are fetched.

        Behind a pooler only inside a transaction: outside, the next piece would be asked of
        another connection, so all rows come at once.
        """
        if is_pooled(self.settings_dict) and not self.in_atomic_block:
            return self.cursor()
        return super().chunked_cursor()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection of the pool, tested before use; opened when none is idle.

        Raises PoolExhausted when all are in use for too long, the driver's OperationalError when
        the server cannot be reached. A bundled server that is gone is started again first.
        """
        try:
            connection = self._take(conn_params)
        except psycopg2.OperationalError:
            if not self._start_bundled():
                raise
            connection = self._take(conn_params)
        connection.info = connection.driver_connection.info
        return connection

    def make_cursor(self, cursor: Any) -> Any:
        return Timed(cursor, self) if statement_times.is_on() else super().make_cursor(cursor)

    def make_debug_cursor(self, cursor: Any) -> Any:
        if statement_times.is_on():
            return TimedDebug(cursor, self)
        return super().make_debug_cursor(cursor)

    def _close(self) -> None:
        """Give the connection back to the pool, or throw it away when the server has dropped it."""
        if self.connection is None:
            return
        try:
            # The pool would do it too, and write a traceback to the log when it fails.
            self.connection.rollback()
        except psycopg2.Error:
            self.connection.invalidate()
        else:
            self.connection.close()

    def _take(self, conn_params: dict[str, Any]) -> Any:
        try:
            return self._pool(conn_params).connect()
        except exc.TimeoutError as error:
            raise PoolExhausted(
                "All database connections of this process are in use: try again shortly, or raise "
                "DB_POOL_SIZE and DB_MAX_OVERFLOW."
            ) from error
        except exc.InvalidRequestError as error:
            # Each of several connections in a row was dropped by the server while being tested.
            raise OperationalError("The server keeps closing connections.") from error

    def _pool(self, conn_params: dict[str, Any]) -> Any:
        settings = self.settings_dict
        key = PoolKey(
            self.alias,
            str(settings["NAME"]),
            str(settings["HOST"]),
            str(settings["PORT"]),
            str(settings["USER"]),
        )
        return find_pool(key) or make_pool(
            key,
            create=lambda: self._get_new_connection(conn_params),
            dialect=dialect(self.Database),
            options=self._pool_options(),
        )

    def _pool_options(self) -> dict[str, Any]:
        if self.alias == NO_DB_ALIAS:
            # Used once, to create or drop a database: nothing to keep.
            return {}
        options: dict[str, Any] = self.settings_dict.get("POOL_OPTIONS", {})
        return {name.lower(): value for name, value in options.items()}

    def _start_bundled(self) -> bool:
        """Start the bundled server if it is not there; return whether to try again."""
        data_dir = self.settings_dict.get("BUNDLED_DATA_DIR")
        if not data_dir:
            return False
        cls = type(self)
        if time.monotonic() - cls._last_failed_start < RESTART_PAUSE:
            return False
        from convoai.database.bundled import ensure

        try:
            ensure(Path(data_dir))
        except DatabaseProblem as problem:
            cls._last_failed_start = time.monotonic()
            # Django's own kind, so that a request is answered 503 and not 500.
            raise OperationalError(str(problem)) from problem
        return True


def _leave_connections_to_parent() -> None:
    for wrapper in connections.all(initialized_only=True):
        if isinstance(wrapper, DatabaseWrapper) and wrapper.connection is not None:
            leave_to_parent(wrapper.connection)
            wrapper.connection = None


os.register_at_fork(after_in_child=_leave_connections_to_parent)
