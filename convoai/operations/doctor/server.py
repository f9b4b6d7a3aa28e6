"""A connection of the doctor's own: past the pool, read-only, and never waiting for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg2
from django.db import connections

from convoai.database.pooler import direct_entry, is_behind_pooler, limiting_cursor

# So that a busy or stuck server cannot hold the examination. Never for longer than a question:
# where a pooler is in between, the next one to get the connection may be somebody else.
PATIENCE = "SET LOCAL statement_timeout = '2s'; SET LOCAL lock_timeout = '500ms'; "


class Server:
    """Asks the server; `after` ends the transaction of each question."""

    def __init__(self, driver: Any, after: Callable[[], None] = lambda: None) -> None:
        self._driver = driver
        self._after = after

    @property
    def is_behind_pooler(self) -> bool:
        """Whether something stands between convoai and PostgreSQL."""
        try:
            return is_behind_pooler(self._driver)
        finally:
            self._after()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Raises psycopg2.Error."""
        try:
            with self._driver.cursor() as cursor:
                cursor.execute(query, values or None)
                return list(cursor.fetchall())
        finally:
            if not self._driver.closed:
                self._after()

    def cursor(self) -> Any:
        """Of the driver, for functions that ask by themselves."""
        return self._driver.cursor()

    def row(self, query: str, *values: Any) -> tuple[Any, ...]:
        return self.rows(query, *values)[0]

    def setting(self, name: str) -> str | None:
        """The value as SHOW tells it; None where the server has no such setting or hides it."""
        try:
            found = self.row("SELECT current_setting(%s, true)", name)[0]
        except psycopg2.errors.InsufficientPrivilege:
            return None
        return None if found is None else str(found)


@contextmanager
def connected(database: Mapping[str, Any], *, pooled: bool = False) -> Iterator[Server]:
    """The server of these settings (a DATABASES entry), past its pooler unless `pooled`.

    Starts nothing. Raises psycopg2.Error.
    """
    backend = connections["default"]
    entry = {**backend.settings_dict, **database}
    parameters = type(backend)(entry if pooled else direct_entry(entry)).get_connection_params()
    driver = psycopg2.connect(**{**parameters, "cursor_factory": limiting_cursor(PATIENCE)})
    try:
        driver.set_session(readonly=True)
        yield Server(driver, driver.rollback)
    finally:
        driver.close()
