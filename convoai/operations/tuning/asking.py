"""What is asked of the server: connections, data, tables; and its settings as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from convoai.operations.capacity import WORKER_PROCESSES, web_processes, web_threads
from convoai.operations.doctor.server import Server
from convoai.operations.tuning.units import Value, value_of

# Connections beside those of the pools: commands, backups, psql, monitors, and what the server
# keeps for its superuser.
SPARE = 20


@dataclass(frozen=True)
class Processes:
    """convoai's processes: `web` ones, each with `threads` and a pool of `pool` connections, and
    the background worker.
    """

    web: int
    threads: int
    pool: int

    @property
    def connections(self) -> int:
        """How many connections they may open together; a thread uses one at a time."""
        return self.web * min(self.threads, self.pool) + WORKER_PROCESSES

    @property
    def active(self) -> int:
        """How many statements of theirs can run at once: one a thread, and two of the worker."""
        return self.web * min(self.threads, self.pool) + 2


@dataclass(frozen=True)
class Setting:
    """A setting of the server; `text` is its value as SHOW tells it."""

    name: str
    value: Value
    text: str
    context: str
    source: str
    is_waiting: bool = False
    choices: tuple[str, ...] = ()

    @property
    def needs_restart(self) -> bool:
        return self.context == "postmaster"


@dataclass(frozen=True)
class Table:
    """A large table: rows as PostgreSQL estimates them, and storage options of its own."""

    name: str
    rows: int
    options: Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """Everything that the recommended values depend on, besides the machine."""

    major: int
    database: int
    processes: Processes
    settings: Mapping[str, Setting]
    tables: tuple[Table, ...] = field(default=())
    # Whether the server was built with a compiler of statements.
    has_jit: bool = True


def our_processes(pool: Mapping[str, Any]) -> Processes:
    """The processes of this installation; `pool` holds POOL_OPTIONS."""
    return Processes(
        web=web_processes(),
        threads=web_threads(),
        pool=int(pool["POOL_SIZE"]) + int(pool["MAX_OVERFLOW"]),
    )


def ask(server: Server, pool: Mapping[str, Any], names: list[str], *, rows: int) -> Asked:
    """What there is to know; `names` are settings, tables count from `rows` rows on."""
    number, size, has_jit = server.row(
        "SELECT current_setting('server_version_num')::int, "
        "pg_database_size(current_database()), pg_jit_available()"
    )
    return Asked(
        major=number // 10_000,
        database=size,
        processes=our_processes(pool),
        settings=settings_of(server, names),
        has_jit=has_jit,
        tables=tuple(
            Table(name, count, _options(options))
            for name, count, options in server.rows(
                "SELECT oid::regclass::text, reltuples::bigint, reloptions FROM pg_class "
                "WHERE relkind = 'r' AND relpersistence = 'p' AND reltuples >= %s "
                "AND relnamespace = ANY(current_schemas(false)::regnamespace[]) ORDER BY 1",
                rows,
            )
        ),
    )


def settings_of(server: Server, names: list[str]) -> dict[str, Setting]:
    """These settings as a new connection of convoai's role gets them."""
    return {
        name: Setting(
            name, value_of(setting, unit, kind), text, context, source, waits, tuple(choices or ())
        )
        for name, setting, unit, kind, text, context, source, waits, choices in server.rows(
            "SELECT name, setting, unit, vartype, current_setting(name), context, source, "
            "pending_restart, enumvals FROM pg_settings WHERE name = ANY(%s)",
            names,
        )
    }


def _options(given: list[str] | None) -> dict[str, str]:
    return dict(option.split("=", 1) for option in given or ())
