"""What there is to know about the database: where it is, whether it runs, how full it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg2
from django.db import connection, connections

from convoai.database.backend.pools import pool_figures
from convoai.database.pooler import POOLER
from convoai.database.problems import connection_sentence
from convoai.database.reading import REPLICA, is_replica_set
from convoai.database.replica.standing import standing

Line = tuple[str, str]

QUERY = """
SELECT current_setting('server_version'),
       coalesce((SELECT extversion FROM pg_extension WHERE extname = 'vector'), 'missing'),
       pg_size_pretty(pg_database_size(current_database())),
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid()),
       current_setting('max_connections')
"""


def database_status(settings: Mapping[str, Any]) -> tuple[bool, list[Line]]:
    """Whether the database of `settings` (DATABASES["default"]) runs, and lines of name and value.

    Starts nothing and never holds a password.
    """
    try:
        found = psycopg2.connect(**connection.get_connection_params())
    except psycopg2.Error as error:
        told = [("running", f"no: {_why_not(settings, error)}")]
        return False, [*told, *_place(settings), *_pool(settings)]
    try:
        with found.cursor() as cursor:
            cursor.execute(QUERY)
            version, vector, size, used, limit = cursor.fetchone()
    finally:
        found.close()
    return True, [
        ("running", "yes"),
        *_place(settings),
        ("database", f"{settings['NAME']}, {size}"),
        ("PostgreSQL", version),
        ("pgvector", vector if vector != "missing" else "missing: run `manage.py migrate`"),
        ("connections", f"{used} to this database now, the server allows {limit}"),
        *_pool(settings),
        *_replica(),
    ]


def address(settings: Mapping[str, Any]) -> str:
    """DATABASE_URL without the password."""
    password = ":***" if settings.get("PASSWORD") else ""
    port = f":{settings['PORT']}" if settings.get("PORT") else ""
    host = str(settings.get("HOST") or "").replace("/", "%2F")
    return f"postgresql://{settings.get('USER')}{password}@{host}{port}/{settings.get('NAME')}"


def _why_not(settings: Mapping[str, Any], error: psycopg2.Error) -> str:
    data_dir = settings.get("BUNDLED_DATA_DIR")
    if not data_dir:
        return connection_sentence(error, settings)
    from convoai.database.place import find_place
    from convoai.database.postmaster import find_postmaster

    place = find_place(Path(data_dir))
    if find_postmaster(place) is not None:
        return connection_sentence(error, settings)
    if place.stopped.exists():
        return "stopped on request; `manage.py database start` starts it"
    if not place.cluster.exists():
        return "not made yet; `manage.py database start` makes it"
    return "it starts when it is needed, or with `manage.py database start`"


def _place(settings: Mapping[str, Any]) -> Iterator[Line]:
    data_dir = settings.get("BUNDLED_DATA_DIR")
    if not data_dir:
        yield "server", address(settings)
        if POOLER in settings:
            yield "pooler", f"{address(settings[POOLER]['pooled'])}, for the web and workers"
        return
    from convoai.database.place import find_place

    place = find_place(Path(data_dir))
    yield "server", "bundled"
    outside = " (outside DATA_DIR, where the server's user cannot go)" if place.is_outside else ""
    yield "data", f"{place.home}{outside}"
    yield "log", str(place.log)
    yield "socket", str(place.socket)


def _replica() -> Iterator[Line]:
    if is_replica_set():
        yield "replica", f"{address(connections[REPLICA].settings_dict)}, {standing()}"


def _pool(settings: Mapping[str, Any]) -> Iterator[Line]:
    options = settings["POOL_OPTIONS"]
    tested = "tested before use" if options["PRE_PING"] else "not tested before use"
    yield (
        "pool",
        f"{options['POOL_SIZE']} connections kept for each process and "
        f"{options['MAX_OVERFLOW']} more under load, {tested}, renewed after "
        f"{options['RECYCLE']} s, waited for at most {options['TIMEOUT']:g} s",
    )
    figures = pool_figures("default")
    if figures is not None:
        yield "in use", f"{figures.in_use} of {figures.limit} by this process"
