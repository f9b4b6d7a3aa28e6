"""A connection of the doctor's own: past the pool, read-only, and never waiting for long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg2
from django.db import connections

# So that a busy or stuck server cannot hold the examination.
PATIENCE = (
    "SET statement_timeout = '2s'; SET lock_timeout = '500ms'; "
    "SET default_transaction_read_only = on"
)


class Server:
    """Asks the server; each question is a transaction of its own."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Raises psycopg2.Error."""
        with self._driver.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

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
def connected(database: Mapping[str, Any]) -> Iterator[Server]:
    """The server of these settings (a DATABASES entry). Starts nothing. Raises psycopg2.Error."""
    backend = connections["default"]
    entry = {**backend.settings_dict, **database}
    driver = psycopg2.connect(**type(backend)(entry).get_connection_params())
    try:
        driver.autocommit = True
        with driver.cursor() as cursor:
            cursor.execute(PATIENCE)
        yield Server(driver)
    finally:
        driver.close()
