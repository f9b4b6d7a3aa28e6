"""Which layout a database has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from convoai.operations.partitions.names import REGISTRY, TABLES
from convoai.operations.partitions.periods import Length, Period

KIND = """
SELECT c.relname::text, c.relkind::text, pg_get_userbyid(c.relowner)::text,
       pg_has_role(c.relowner, 'USAGE')
FROM pg_class c WHERE c.oid = ANY (ARRAY[to_regclass(%s), to_regclass(%s)]::oid[])
"""
# Bounds are written in the session's time zone.
PARTITIONS = """
SELECT c.relname::text, pg_get_expr(c.relpartbound, c.oid),
       pg_total_relation_size(c.oid), greatest(c.reltuples, pg_stat_get_live_tuples(c.oid))::bigint
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass(%s) ORDER BY 1
"""


@dataclass(frozen=True)
class Partition:
    """One partition of one table; the default one has no period."""

    name: str
    period: Period | None
    bytes: int
    # As the statistics have it.
    rows: int


def is_partitioned(cursor: Any) -> bool:
    """Whether conversations and messages are partitioned."""
    cursor.execute(
        "SELECT count(*) FROM pg_partitioned_table "
        "WHERE partrelid = ANY (ARRAY[to_regclass(%s), to_regclass(%s)]::oid[])",
        list(TABLES),
    )
    return bool(cursor.fetchone()[0] == len(TABLES))


def has_registry(cursor: Any) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [REGISTRY])
    return bool(cursor.fetchone()[0])


def partitions_of(cursor: Any, table: str) -> list[Partition]:
    """The partitions of a table by name; the session's time zone must be UTC."""
    cursor.execute(PARTITIONS, [table])
    return [
        Partition(name, _period(bound), size, rows) for name, bound, size, rows in cursor.fetchall()
    ]


def length_of(partitions: list[Partition]) -> Length:
    """Whether these are years or months."""
    periods = [one.period for one in partitions if one.period]
    return "month" if any("_" in period.name for period in periods) else "year"


def _period(bound: str) -> Period | None:
    """FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2025-01-01 00:00:00+00')"""
    moments = [part for at, part in enumerate(bound.split("'")) if at % 2]
    if len(moments) != 2:
        return None
    start, end = (datetime.fromisoformat(f"{one}:00") for one in moments)
    return Period(start, end)
