"""Settings of the server that matter: safety of what is written, room to work, people's words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from convoai.database.pooler import POOLER
from convoai.operations.doctor.installation import Installation, quoted
from convoai.operations.doctor.server import Server
from convoai.operations.findings import Finding, error, info, ok, warning

# What must be on, and what is lost without it.
SAFETY = (
    ("fsync", "A power cut can destroy the whole database", False),
    ("full_page_writes", "A power cut can leave torn pages", False),
    ("synchronous_commit", "The last answers before a crash can be lost", False),
    ("autovacuum", "Dead rows are never cleared, until the server stops", False),
    ("track_counts", "Autovacuum does not know what to clear", False),
)
WORDS_NOT_LOGGED = {
    "log_statement": {"none"},
    "log_min_duration_statement": {"-1"},
    "log_min_duration_sample": {"-1"},
    "log_transaction_sample_rate": {"0"},
    "log_min_error_statement": {"log", "fatal", "panic"},
    "log_min_messages": {"log", "fatal", "panic"},
}
SAFE_VALUE = {
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_min_error_statement": "panic",
    "log_min_messages": "log",
}
MB = 1024 * 1024


def examine_settings(server: Server, here: Installation) -> Iterator[Finding]:
    for name, danger, _ in SAFETY:
        value = server.setting(name)
        # synchronous_commit knows more words than on; all but off and local wait for the disk.
        if value in {"off", "local"} and not (name == "synchronous_commit" and value == "local"):
            yield error(
                f"settings.{name}",
                f"{danger}: {name} is {value}.",
                here.change_setting(name, "on"),
                value=value,
            )
        else:
            yield ok(f"settings.{name}", f"{name} is {value}.", value=value)
    yield from _checksums(server, here)
    yield from _locale(server, here)
    yield from _memory(server, here)
    yield from _connections(server, here)
    yield from _words_in_the_log(server, here)
    yield from _waiting(server, here)


def _checksums(server: Server, here: Installation) -> Iterator[Finding]:
    value = server.setting("data_checksums")
    if value == "on":
        yield ok("settings.data_checksums", "Pages carry checksums.")
        return
    yield warning(
        "settings.data_checksums",
        "A page that the disk has spoilt is not noticed: data_checksums is off.",
        "With the server stopped: `pg_checksums --enable --pgdata=FOLDER` (managed servers: in "
        "the provider's console, or restore into a new one).",
        value=value,
    )


def _locale(server: Server, here: Installation) -> Iterator[Finding]:
    encoding, provider, locale, made, actual = server.row(
        "SELECT pg_encoding_to_char(encoding), datlocprovider::text, datcollate::text, "
        "datcollversion, pg_database_collation_actual_version(oid) "
        "FROM pg_database WHERE datname = current_database()"
    )
    names = {"b": "builtin", "i": "icu", "c": "libc"}
    figures = {"encoding": encoding, "provider": names.get(provider, provider), "locale": locale}
    if encoding != "UTF8":
        yield error(
            "settings.encoding",
            f"The database is encoded as {encoding}, which cannot hold every text.",
            "Make a new one with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`, and "
            "bring the data over with `manage.py backup` and `manage.py restore`.",
            **figures,
        )
    if made != actual:
        yield warning(
            "settings.collation",
            f"The system's sorting rules changed from {made} to {actual}; indexes of texts may "
            "miss rows.",
            here.own_sql(
                f"REINDEX DATABASE {quoted(here.name)}",
                f"ALTER DATABASE {quoted(here.name)} REFRESH COLLATION VERSION",
            ),
            **figures,
        )
    elif provider == "c" and locale in {"C", "POSIX"}:
        yield warning(
            "settings.locale",
            "Case is only known of A to Z: the database has the libc locale C.",
            "Make a new database with LOCALE_PROVIDER builtin, BUILTIN_LOCALE 'C.UTF-8' (17 or "
            "newer) or ICU, and bring the data over with a backup.",
            **figures,
        )
    else:
        yield ok("settings.locale", f"{encoding}, sorted by {figures['provider']}.", **figures)


def _memory(server: Server, here: Installation) -> Iterator[Finding]:
    buffers, work, size = server.row(
        "SELECT (SELECT setting::bigint * 8192 FROM pg_settings WHERE name = 'shared_buffers'), "
        "(SELECT setting::bigint * 1024 FROM pg_settings WHERE name = 'work_mem'), "
        "pg_database_size(current_database())"
    )
    figures = {"shared_buffers": buffers, "work_mem": work, "database": size}
    told = (
        f"shared_buffers {buffers // MB} MB, work_mem {work // MB} MB, the database "
        f"{size // MB:,} MB."
    )
    if buffers <= 128 * MB and size > 1024 * MB:
        yield warning(
            "settings.memory",
            f"The server keeps little of the database in memory: {told}",
            "A quarter of the machine's memory is usual: "
            + here.change_setting("shared_buffers", "'1GB'", restart=True),
            **figures,
        )
    else:
        yield ok("settings.memory", f"Memory: {told}", **figures)


def wanted_connections(pool: dict[str, Any]) -> tuple[int, int]:
    """Processes (web and the background worker), and the connections they may open together."""
    processes = int(os.environ.get("WEB_CONCURRENCY") or 2) + 1
    return processes, processes * (int(pool["POOL_SIZE"]) + int(pool["MAX_OVERFLOW"]))


def _connections(server: Server, here: Installation) -> Iterator[Finding]:
    limit, used = server.row(
        "SELECT least(current_setting('max_connections')::int "
        "- current_setting('superuser_reserved_connections')::int, "
        "(SELECT CASE WHEN rolconnlimit < 0 THEN 1000000 ELSE rolconnlimit END FROM pg_roles "
        "WHERE rolname = current_user), (SELECT CASE WHEN datconnlimit < 0 THEN 1000000 ELSE "
        "datconnlimit END FROM pg_database WHERE datname = current_database())), "
        "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
    )
    processes, wanted = wanted_connections(here.database["POOL_OPTIONS"])
    figures = {"limit": limit, "used": used, "processes": processes, "wanted": wanted}
    if POOLER in here.database:
        yield info(
            "settings.connections",
            f"{used} connections are open; {processes} processes may open {wanted} to the pooler.",
            f"Its max_client_conn must be {wanted} or more, and its pools together at most "
            f"{limit - 10}.",
            **figures,
        )
    elif wanted > limit:
        yield warning(
            "settings.connections",
            f"{processes} processes may open {wanted} connections, and the server lets "
            f"{here.role} have {limit}.",
            f"Set DB_POOL_SIZE and DB_MAX_OVERFLOW so that their sum is at most "
            f"{max(limit // processes, 1)}, or "
            + here.change_setting("max_connections", str(wanted + 20), restart=True),
            **figures,
        )
    else:
        yield ok(
            "settings.connections",
            f"{used} connections are open; {processes} processes may open {wanted} of {limit}.",
            **figures,
        )


def _words_in_the_log(server: Server, here: Installation) -> Iterator[Finding]:
    values = {name: server.setting(name) for name in WORDS_NOT_LOGGED}
    telling = {
        name: value
        for name, value in values.items()
        if value is not None and value not in WORDS_NOT_LOGGED[name]
    }
    if not telling:
        yield ok("settings.log_words", "The server's log holds no values of statements.", **values)
        return
    changes = [
        f"ALTER DATABASE {quoted(here.name)} SET {name} = {SAFE_VALUE[name]}" for name in telling
    ]
    yield warning(
        "settings.log_words",
        "People's words can come into the server's log, with statements that fail or are noted: "
        + ", ".join(f"{name} is {value}" for name, value in telling.items()),
        here.administrator_sql(*changes),
        **values,
    )


def _waiting(server: Server, here: Installation) -> Iterator[Finding]:
    waiting = [
        name for (name,) in server.rows("SELECT name FROM pg_settings WHERE pending_restart")
    ]
    if waiting:
        yield info(
            "settings.waiting",
            f"Changes wait for a restart of the server: {', '.join(waiting)}.",
            f"At a quiet moment: {here.restart()}.",
            settings=waiting,
        )
    else:
        yield ok("settings.waiting", "No change waits for a restart.")
