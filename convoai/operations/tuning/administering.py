"""The server as the one who may change its settings: the bundled superuser, or our own role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from django.db import connections
from psycopg2 import sql

from convoai.database.problems import connection_sentence
from convoai.operations.doctor.installation import Installation
from convoai.refusals import Refusal


@dataclass(frozen=True)
class Administrator:
    """Runs statements one by one, each for good at once: ALTER SYSTEM knows no transactions."""

    cursor: Any

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        self.cursor.execute(query, values or None)
        return list(self.cursor.fetchall())

    def identity(self) -> str:
        """A number that no other server has."""
        return str(self.rows("SELECT system_identifier FROM pg_control_system()")[0][0])

    def may_set(self, names: list[str]) -> set[str]:
        """Those of these settings that this role may change for the whole server."""
        return {
            name
            for name, may in self.rows(
                "SELECT name, has_parameter_privilege(name, 'ALTER SYSTEM') "
                "FROM unnest(%s::text[]) name",
                names,
            )
            if may
        }

    def owned(self, tables: list[str]) -> set[str]:
        """Those of these tables whose options this role may change."""
        found = self.rows(
            "SELECT name FROM unnest(%s::text[]) name JOIN pg_class c ON c.oid = name::regclass "
            "WHERE pg_has_role(relowner, 'USAGE')",
            tables,
        )
        return {name for (name,) in found}

    def may_reload(self) -> bool:
        return bool(self.rows("SELECT has_function_privilege('pg_reload_conf()', 'EXECUTE')")[0][0])

    def own_settings(self) -> dict[str, str]:
        """What ALTER SYSTEM has set before, as far as this role may know."""
        ((sees_file,),) = self.rows(
            "SELECT has_table_privilege('pg_file_settings', 'SELECT') AND "
            "has_function_privilege('pg_show_all_file_settings()', 'EXECUTE')"
        )
        query = (
            "SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE %s"
            if sees_file
            else "SELECT name, current_setting(name) FROM pg_settings WHERE sourcefile LIKE %s"
        )
        # The file that ALTER SYSTEM writes.
        return dict(self.rows(query, "%/postgresql.auto.conf"))

    def set(self, name: str, value: str | None) -> None:
        """ALTER SYSTEM SET, or RESET for None. Raises psycopg2.Error."""
        if value is None:
            self.cursor.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))
        else:
            self.cursor.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            )

    def set_options(self, table: str, values: Mapping[str, str | None]) -> None:
        """Storage options of a table, named as `regclass` writes it; None resets."""
        for name, value in values.items():
            action = f"SET ({name} = {value})" if value is not None else f"RESET ({name})"
            self.cursor.execute(f"ALTER TABLE {table} {action}")

    def reload(self) -> None:
        self.cursor.execute("SELECT pg_reload_conf()")


@contextmanager
def administering(here: Installation) -> Iterator[Administrator]:
    """The bundled server as its superuser, another as the role of DATABASE_URL. Raises Refusal."""
    backend = connections["default"]
    entry = {**backend.settings_dict, **here.database}
    if here.is_bundled:
        from convoai.database.cluster import SUPERUSER  # needs what Windows does not have

        entry["USER"] = SUPERUSER
    parameters = type(backend)(entry).get_connection_params()
    try:
        found = psycopg2.connect(**parameters)
    except psycopg2.Error as error:
        raise Refusal("unreachable", connection_sentence(error, here.database)) from None
    try:
        found.autocommit = True
        with found.cursor() as cursor:
            # A busy table is left for another time: everybody would queue behind us.
            cursor.execute("SET lock_timeout = '3s'")
            yield Administrator(cursor)
    finally:
        found.close()
