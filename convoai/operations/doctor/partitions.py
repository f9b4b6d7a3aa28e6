"""Partitions of conversations and messages, where there are any: the next ones, strays, doubles."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import psycopg2

from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server
from convoai.operations.findings import Finding, error, info, ok, warning
from convoai.operations.partitions.ensuring import missing_periods
from convoai.operations.partitions.layouts import is_partitioned, partitions_of
from convoai.operations.partitions.names import REGISTRY, TABLES, WORK
from convoai.operations.partitions.state import read_state

# Talks whose id or names the registry has otherwise, or not at all.
UNREGISTERED = f"""
SELECT (SELECT count(*) FROM conversations AS talk FULL JOIN {REGISTRY} AS known
        ON known.id = talk.id AND known.user_id = talk.user_id
        AND known.external_id IS NOT DISTINCT FROM talk.external_id
        AND known.idempotency_key IS NOT DISTINCT FROM talk.idempotency_key
        WHERE talk.id IS NULL OR known.id IS NULL)
"""


def examine_partitions(server: Server, here: Installation) -> Iterator[Finding]:
    with server.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        begun = read_state(cursor) if _may_look(server) else None
        if begun is not None:
            command = f"apply --by {begun.by}" if begun.by else "undo"
            yield warning(
                "partitions.begun",
                "A change of the layout was begun and has not ended; it keeps copies of the talks.",
                f"`manage.py partition {command}` goes on (if it is not at work just now).",
                phase=begun.phase,
            )
        if not is_partitioned(cursor):
            return
        missing = list(missing_periods(cursor))
        partitions = {table: partitions_of(cursor, table) for table in TABLES}
    problems = [*_missing(missing), *_strays(server), *_unregistered(server)]
    problems += _doubles(server, [one.name for one in partitions["messages"]])
    yield from problems
    if not problems:
        count = len(partitions["messages"])
        yield ok("partitions", f"All partitions are there ({count}), with no row out of place.")


def _may_look(server: Server) -> bool:
    """Only the owner of the tables may look into the schema of a conversion."""
    found = server.row(
        "SELECT coalesce((SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace "
        "WHERE nspname = %s), false)",
        WORK,
    )
    return bool(found[0])


def _missing(names: list[str]) -> Iterator[Finding]:
    if names:
        yield warning(
            "partitions.next",
            f"These partitions are missing: {', '.join(names)}; new rows would go to the default.",
            "`manage.py partition ensure` (the worker does it once a day: is it running?)",
            missing=names,
        )


def _strays(server: Server) -> Iterator[Finding]:
    # No more than a look: whether there are some, and about how many.
    found = {
        table: server.row(f"SELECT count(*) FROM (SELECT FROM {table}_default LIMIT 1000) AS found")
        for table in TABLES
    }
    counts = {f"{table}_default": count for table, (count,) in found.items() if count}
    if counts:
        told = ", ".join(
            f"{'1,000 or more' if count == 1000 else count} in {name}"
            for name, count in counts.items()
        )
        yield warning(
            "partitions.default",
            f"Rows lie outside of all periods: {told}.",
            "`manage.py partition ensure --move` makes partitions for them.",
            **counts,
        )


def _unregistered(server: Server) -> Iterator[Finding]:
    (count,) = server.row(UNREGISTERED)
    if count:
        yield error(
            "partitions.registry",
            f"{count:,} conversations are not in {REGISTRY} as they are (or the other way round).",
            "Somebody wrote straight into a partition: `manage.py partition undo` and `apply` "
            "write it anew.",
            count=count,
        )


def _doubles(server: Server, names: list[str]) -> Iterator[Finding]:
    """Only partitions whose ids overlap can have one in common."""
    ends = {name: server.row(f"SELECT min(id), max(id) FROM {name}") for name in names}
    doubles = 0
    try:
        for one, other in combinations([name for name in names if ends[name][0] is not None], 2):
            low, high = max(ends[one][0], ends[other][0]), min(ends[one][1], ends[other][1])
            if low <= high:
                (count,) = server.row(
                    f"SELECT count(*) FROM {one} AS a JOIN {other} AS b USING (id) "
                    "WHERE id BETWEEN %s AND %s",
                    low,
                    high,
                )
                doubles += count
    except psycopg2.errors.QueryCanceled:
        yield info(
            "partitions.doubles",
            "Whether an id was given twice was not found out within two seconds.",
            "Ask when the database is less busy.",
        )
    if doubles:
        yield error(
            "partitions.doubles",
            f"{doubles:,} messages have an id that another one has too.",
            "Give one of each pair a new one: UPDATE messages SET id = DEFAULT WHERE id = … AND "
            "created_at = ….",
            doubles=doubles,
        )
