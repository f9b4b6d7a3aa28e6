"""An empty database in the place of the suite's, for tests that migrate one themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from django.conf import settings
from django.db import connection, connections


def direct() -> psycopg2.extensions.connection:
    """A connection of its own to the database in use, past the pool, in autocommit."""
    driver = psycopg2.connect(**connection.get_connection_params())
    driver.autocommit = True
    return driver


@contextmanager
def empty_database(name: str) -> Iterator[None]:
    """Everything in this process that asks Django for the database gets the new one meanwhile."""
    before = connection.settings_dict["NAME"]
    # Never near the name of one that is worked with, whether or not the suite has made its own yet.
    scratch = f"test_{before}_{name}"
    _administer(f'DROP DATABASE IF EXISTS "{scratch}" WITH (FORCE)', f'CREATE DATABASE "{scratch}"')
    connections.close_all()
    _use(scratch)
    try:
        yield
    finally:
        connections.close_all()
        _use(before)
        _administer(f'DROP DATABASE IF EXISTS "{scratch}" WITH (FORCE)')


def _use(name: str) -> None:
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name


def _administer(*statements: str) -> None:
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
