"""The PostgreSQL that backups are made of and restored to, as its own programs reach it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg2
from django.db import connection
from psycopg2.extensions import make_dsn

from convoai.database.problems import connection_sentence
from convoai.refusals import Refusal

# Never among the arguments of a process, which every user of the machine can read.
SECRET = frozenset({"password", "sslpassword"})


@dataclass(frozen=True)
class Server:
    """One database of a server: the driver's parameters, and whose server it is."""

    parameters: Mapping[str, Any]
    settings: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the database."""
        return str(self.parameters["dbname"])

    @property
    def is_bundled(self) -> bool:
        return "BUNDLED_DATA_DIR" in self.settings

    def named(self, name: str) -> Server:
        """Another database of the same server."""
        return replace(self, parameters={**self.parameters, "dbname": name})

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """A connection in autocommit, past the pool, closed afterwards. Raises Refusal."""
        try:
            found = psycopg2.connect(**self.parameters)
        except psycopg2.Error as error:
            settings = {**self.settings, "NAME": self.name}
            raise Refusal("unreachable", connection_sentence(error, settings)) from None
        try:
            found.autocommit = True
            yield found
        finally:
            found.close()

    def address(self) -> str:
        """The argument that leads PostgreSQL's programs here; holds no secret."""
        public = {name: value for name, value in self.parameters.items() if name not in SECRET}
        return str(make_dsn(**public))

    def environment(self) -> dict[str, str]:
        """The variables of a program: libpq's own and the password, none of convoai's secrets."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("PG", "KRB5")) or name in {"HOME", "PATH", "TMPDIR"}
        }
        password = self.parameters.get("password")
        return {**kept, "LC_ALL": "C", **({"PGPASSWORD": str(password)} if password else {})}


def configured_server() -> Server:
    """The database of the settings."""
    parameters = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name != "cursor_factory"
    }
    return Server(parameters, connection.settings_dict)


def value_of(found: Any, query: str, *values: Any) -> Any:
    """The first column of the first row that a query answers with; None without one."""
    with found.cursor() as cursor:
        cursor.execute(query, values or None)
        row = cursor.fetchone()
    return None if row is None else row[0]


def major_of(found: Any) -> int:
    """The server's major version."""
    return int(value_of(found, "SHOW server_version_num")) // 10_000
