"""Settings of the server that matter: safety of what is written, room to work, people's words."""

from __future__ import annotations

from collections.abc import Iterator

from convoai.database.pooler import POOLER
from convoai.operations.capacity import WORKER_PROCESSES
from convoai.operations.doctor.installation import Installation, quoted
from convoai.operations.doctor.server import Server
from convoai.operations.findings import Finding, Level, error, info, ok, warning
from convoai.operations.tuning.asking import our_processes
from convoai.operations.tuning.looking import look
from convoai.operations.tuning.recommending import cache_level
from convoai.operations.tuning.units import readable

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
TUNE = "`manage.py tune` says what suits, and why; `manage.py tune --apply` sets it."


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
    recommended = look(server, here)
    now = recommended.asked.settings
    figures = {
        "shared_buffers": now["shared_buffers"].value,
        "work_mem": now["work_mem"].value,
        "database": recommended.asked.database,
        "memory": recommended.machine.memory,
    }
    told = (
        f"shared_buffers {now['shared_buffers'].text}, work_mem {now['work_mem'].text}, the "
        f"database {readable(recommended.asked.database)}."
    )
    if cache_level(recommended) < Level.WARNING:
        yield ok("settings.memory", f"Memory: {told}", **figures)
        return
    yield warning(
        "settings.memory",
        f"The server's cache is too small for the database, or too large for its machine: {told}",
        TUNE if recommended.budget else f"{TUNE} It cannot see that machine: add --memory.",
        **figures,
    )


def _connections(server: Server, here: Installation) -> Iterator[Finding]:
    limit, own, used = server.row(
        "SELECT current_setting('max_connections')::int "
        "- current_setting('superuser_reserved_connections')::int, "
        "least((SELECT CASE WHEN rolconnlimit < 0 THEN 1000000 ELSE rolconnlimit END FROM pg_roles "
        "WHERE rolname = current_user), (SELECT CASE WHEN datconnlimit < 0 THEN 1000000 ELSE "
        "datconnlimit END FROM pg_database WHERE datname = current_database())), "
        "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
    )
    more = TUNE
    if own < limit:
        limit = own
        more = here.administrator_sql(
            f"ALTER ROLE {quoted(here.role)} CONNECTION LIMIT -1",
            f"ALTER DATABASE {quoted(here.name)} CONNECTION LIMIT -1",
        )
    ours = our_processes(here.database["POOL_OPTIONS"])
    wanted = ours.connections
    figures = {"limit": limit, "used": used, "processes": ours.web, "wanted": wanted}
    if POOLER in here.database:
        yield info(
            "settings.connections",
            f"{used} connections are open; {ours.web} web processes and a worker may open {wanted} "
            "to the pooler.",
            f"Its max_client_conn must be {wanted} or more, and its pools together at most "
            f"{limit - 10}.",
            **figures,
        )
    elif wanted > limit:
        yield warning(
            "settings.connections",
            f"{ours.web} web processes and a worker may open {wanted} connections, and the "
            f"server lets {here.role} have {limit}.",
            f"Set WEB_CONCURRENCY or WEB_THREADS so that their product is at most "
            f"{max(limit - WORKER_PROCESSES, 1)}, or allow more: {more}",
            **figures,
        )
    else:
        yield ok(
            "settings.connections",
            f"{used} connections are open; {ours.web} web processes and a worker may open "
            f"{wanted} of {limit}.",
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
