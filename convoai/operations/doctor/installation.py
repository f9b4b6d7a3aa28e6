"""This installation, as far as hints need it: which database, and how its commands are typed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOCAL = {"", "localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Installation:
    """The DATABASES entry in use."""

    database: Mapping[str, Any]

    @property
    def data_dir(self) -> Path | None:
        """Where the bundled PostgreSQL lives; None with DATABASE_URL."""
        found = self.database.get("BUNDLED_DATA_DIR")
        return Path(found) if found else None

    @property
    def is_bundled(self) -> bool:
        return self.data_dir is not None

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine, as far as the address tells."""
        return self.host in LOCAL or self.host.startswith("/")

    @property
    def host(self) -> str:
        return str(self.database.get("HOST") or "")

    @property
    def port(self) -> str:
        return str(self.database.get("PORT") or "5432")

    @property
    def role(self) -> str:
        return str(self.database.get("USER") or "")

    @property
    def name(self) -> str:
        return str(self.database.get("NAME") or "")

    def own_sql(self, *statements: str) -> str:
        """The command that runs SQL as convoai's own role."""
        return f"`manage.py database shell -- {_commands(statements)}`"

    def administrator_sql(self, *statements: str, database: str | None = None) -> str:
        """The command that runs SQL as the server's administrator, in convoai's database."""
        if self.is_bundled:
            return f"`manage.py database shell --superuser -- {_commands(statements)}`"
        at = f"--host={shlex.quote(self.host or 'localhost')} --port={self.port}"
        where = f"--dbname={shlex.quote(database or self.name)}"
        return f"`psql {at} --username=postgres {where} {_commands(statements)}`"

    def change_setting(self, name: str, value: str, *, restart: bool = False) -> str:
        """The commands that change a setting of the server for good."""
        change = f"ALTER SYSTEM SET {name} = {value}"
        if restart:
            return f"{self.administrator_sql(change)}, then {self.restart()}"
        return self.administrator_sql(change, "SELECT pg_reload_conf()")

    def restart(self) -> str:
        """How the server is restarted here."""
        if self.is_bundled:
            return "`manage.py database stop` and `manage.py database start`"
        if self.is_local:
            return "`sudo systemctl restart postgresql`"
        return f"restart the server on {self.host} (managed ones: in the provider's console)"

    def set_up(self) -> str:
        """The command that makes role and database on this server."""
        host = self.host.replace("/", "%2F") or "localhost"
        return f"`manage.py setup_database --admin-url postgresql://postgres@{host}:{self.port}/postgres`"

    def address(self, *, password: bool = True, **options: str) -> str:
        """DATABASE_URL with its password left out, and with these options in place of its own."""
        host = self.host.replace("/", "%2F")
        secret = ":PASSWORD" if password else ""
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return (
            f"postgresql://{self.role}{secret}@{host}:{self.port}/{self.name}"
            f"{'?' if query else ''}{query}"
        )


def quoted(name: str) -> str:
    """A name as SQL takes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def _commands(statements: tuple[str, ...]) -> str:
    return " ".join(f"-c {shlex.quote(statement)}" for statement in statements)
