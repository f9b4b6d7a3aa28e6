"""A pooler between convoai and PostgreSQL: known of, and leading to the same database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2

from convoai.database.pooler import LIMITS, POOLER
from convoai.database.problems import connection_sentence
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server, connected
from convoai.operations.findings import Finding, error, info, ok, warning

# What no two databases have in common.
WHICH = """
SELECT pg_postmaster_start_time()::text, oid::bigint
FROM pg_database WHERE datname = current_database()
"""
SETTINGS = "docs/scaling.md#pgbouncer has both addresses and PgBouncer's own settings."


def examine_pooler(server: Server, here: Installation) -> Iterator[Finding]:
    """`server` is reached past the pooler, if the settings name one."""
    poolers = here.database.get(POOLER)
    is_behind = server.is_behind_pooler
    if poolers is None:
        if is_behind:
            yield warning(
                "pooler.unknown",
                f"A pooler answers at {here.host}:{here.port}, and DB_POOLER is not set.",
                f"Set DB_POOLER=transaction and DATABASE_DIRECT_URL: {SETTINGS}",
            )
        return
    if is_behind:
        yield error(
            "pooler.direct",
            "DATABASE_DIRECT_URL leads to a pooler, too: backups and migrations through it can "
            "fail, and change settings for others.",
            "Set it to the address of PostgreSQL itself (usually port 5432).",
        )
    yield from _through(poolers["pooled"], server, here)


def _through(address: dict[str, Any], server: Server, here: Installation) -> Iterator[Finding]:
    where = f"{address['HOST']}:{address['PORT'] or 5432}"
    entry = {**here.database, **address, LIMITS: ""}
    try:
        with connected(entry, pooled=True) as through:
            is_pooler, same = through.is_behind_pooler, through.row(WHICH) == server.row(WHICH)
    except psycopg2.Error as problem:
        what, _, fix = connection_sentence(problem, entry).partition(": ")
        yield error("pooler.reachable", f"{what}.", fix[:1].upper() + fix[1:], address=where)
        return
    if not same:
        yield error(
            "pooler.other",
            f"The pooler at {where} leads to another database than DATABASE_DIRECT_URL: what is "
            "migrated and backed up is not what the web works with.",
            "Correct one of the two addresses.",
        )
    elif is_pooler:
        yield ok("pooler.reachable", f"The pooler at {where} answers.", address=where)
    else:
        yield info(
            "pooler.none",
            f"PostgreSQL itself answers at {where}: there is no pooler.",
            "Without one, remove DB_POOLER and DATABASE_DIRECT_URL.",
        )
