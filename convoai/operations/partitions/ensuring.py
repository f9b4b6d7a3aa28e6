"""Partitions for the coming periods, and for rows that lie in the default one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from convoai.operations.backup.server import Server
from convoai.operations.partitions.definitions import grants_sql, read_grants
from convoai.operations.partitions.layouts import is_partitioned, length_of, partitions_of
from convoai.operations.partitions.names import TABLES
from convoai.operations.partitions.periods import HAS_PERIOD, Length, Period, period_of, upcoming
from convoai.operations.partitions.session import brief, changing, insist, transaction
from convoai.refusals import Refusal

# Like its table in all that ATTACH PARTITION asks for, so that nothing is built under a lock.
LIKE = (
    "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE "
    "INCLUDING COMPRESSION INCLUDING INDEXES"
)


def ensure(*, server: Server, move: bool = False) -> list[str]:
    """Make the partitions of the current and the next periods; returns the names of new ones.

    Also brings the statistics of the whole up to date.

    With `move`, rows of the default partition get partitions of their own too. Raises Refusal,
    also, after making the others, when a new partition is needed for rows that lie in there.
    """
    with changing(server) as found:
        with found.cursor() as cursor:
            require_partitioned(cursor)
            by = length_of(partitions_of(cursor, "messages"))
            wanted = {table: set(upcoming(_now(), by)) for table in TABLES}
            strays = {table: set(stray_periods(cursor, table, by)) for table in TABLES}
            if move:
                for table in TABLES:
                    wanted[table] |= strays[table]
        made, blocked = [], []
        for table in TABLES:
            with found.cursor() as cursor:
                there = {one.period for one in partitions_of(cursor, table)}
            for period in sorted(wanted[table] - there):
                if period in strays[table] and not move:
                    blocked.append(f"{table}_{period.name}")
                    continue
                make_partition(found, table, period)
                made.append(f"{table}_{period.name}")
        with found.cursor() as cursor:
            # Autovacuum looks at partitions, never at what they are together.
            cursor.execute("ANALYZE conversations, messages")
    if blocked:
        raise Refusal(
            "strays",
            f"{', '.join(blocked)} cannot be made while rows of theirs lie in the default "
            f"partition: `manage.py partition ensure --move` moves them. Made: "
            f"{', '.join(made) or 'none'}.",
        )
    return made


def missing_periods(cursor: Any) -> Iterator[str]:
    """The tables of the current and the next period that are not there."""
    for table in TABLES:
        partitions = partitions_of(cursor, table)
        there = {one.period for one in partitions}
        for period in upcoming(_now(), length_of(partitions))[:2]:
            if period not in there:
                yield f"{table}_{period.name}"


def stray_periods(cursor: Any, table: str, by: Length) -> dict[Period, int]:
    """How many rows of which periods lie in the default partition."""
    cursor.execute(
        f"SELECT date_trunc('{by}', created_at), count(*) FROM {table}_default "
        f"WHERE {HAS_PERIOD} GROUP BY 1"
    )
    return {period_of(moment, by): count for moment, count in cursor.fetchall()}


def make_partition(found: Any, table: str, period: Period) -> None:
    """One partition, with the rows of its period that lie in the default one."""

    def make() -> None:
        with transaction(found) as cursor:
            brief(cursor)
            add_partition(cursor, table, period)

    insist(make, what=f"making {table}_{period.name}")


def add_partition(cursor: Any, table: str, period: Period) -> None:
    """In the caller's transaction."""
    new, values = f"{table}_{period.name}", [period.start, period.end]
    cursor.execute(f"CREATE TABLE {new} (LIKE {table} {LIKE})")
    for statement in grants_sql(read_grants(cursor, table), new):
        cursor.execute(statement)
    # Readers go on; who writes into this partition waits.
    cursor.execute(f"LOCK TABLE {table}_default IN SHARE ROW EXCLUSIVE MODE")
    move_rows(cursor, f"{table}_default", new, "created_at >= %s AND created_at < %s", values)
    attach_partition(cursor, table, new, period)


def move_rows(cursor: Any, old: str, new: str, condition: str, values: list[Any]) -> int:
    """Straight from one partition into a table: no trigger of the whole table is asked.

    Columns that a migration has added since `old` was detached get their defaults.
    """
    cursor.execute(
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attgenerated = '' "
        "AND attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attname IN "
        "(SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 "
        "AND NOT attisdropped)",
        [new, old],
    )
    columns = cursor.fetchone()[0]
    cursor.execute(
        f"INSERT INTO {new} ({columns}) SELECT {columns} FROM {old} WHERE {condition}", values
    )
    if cursor.rowcount:
        cursor.execute(f"DELETE FROM {old} WHERE {condition}", values)
    return int(cursor.rowcount)


def attach_partition(cursor: Any, table: str, new: str, period: Period) -> None:
    """The rows are looked at before, not while the default partition is locked."""
    start, end = period.start.isoformat(), period.end.isoformat()
    cursor.execute(
        f"ALTER TABLE {new} ADD CONSTRAINT convoai_period "
        f"CHECK (created_at >= '{start}' AND created_at < '{end}')"
    )
    cursor.execute(f"ALTER TABLE {table} ATTACH PARTITION {new} {period.bounds()}")
    cursor.execute(f"ALTER TABLE {new} DROP CONSTRAINT convoai_period")


def require_partitioned(cursor: Any) -> None:
    """Raises Refusal."""
    if not is_partitioned(cursor):
        raise Refusal(
            "plain", "The tables are ordinary ones: `manage.py partition apply` comes first."
        )


def _now() -> datetime:
    return datetime.now(UTC)
