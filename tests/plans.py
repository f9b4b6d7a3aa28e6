"""PostgreSQL's plans, read alike on ordinary and on partitioned tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

# Each partition and each index on one, with the table or index that it is a part of.
PARTS = """
SELECT part.relname::text, pg_partition_root(part.oid)::regclass::text FROM pg_class AS part
WHERE part.relispartition AND part.relkind IN ('r', 'i')
"""
EMPTY = """
SELECT relname::text FROM pg_class WHERE relispartition AND relkind = 'r'
    AND (reltuples = 0 OR pg_relation_size(oid) = 0)
"""
# The indexes of these names, or their parts.
LEAVES = """
SELECT index.oid::regclass::text FROM pg_class AS index
WHERE index.relkind = 'i' AND (pg_partition_root(index.oid) = ANY (%s::regclass[]::oid[])
    OR index.oid = ANY (%s::regclass[]::oid[]))
"""


def plan_of(
    statement: str, values: Sequence[Any] | None = None, *, options: str = ""
) -> dict[str, Any]:
    """PostgreSQL's plan for a statement, partitions told by the names of their tables.

    A partition without a row, of which nothing is read, is left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({options}FORMAT JSON) {statement}", values)
        found = cursor.fetchone()[0]
        cursor.execute(EMPTY)
        empty = {name for (name,) in cursor.fetchall()}
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    _leave_out(plan, empty)
    told: dict[str, Any] = json.loads(told_of_tables(json.dumps(plan)))
    return told


def text_plan_of(statement: str, *, options: str = "COSTS ON") -> str:
    """The same as lines of text."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({options}) {statement}")
        return told_of_tables("\n".join(row[0] for row in cursor.fetchall()))


def told_of_tables(text: str) -> str:
    """The text with the name of the table or index in place of those of its parts."""
    with connection.cursor() as cursor:
        cursor.execute(PARTS)
        whole = dict(cursor.fetchall())
    if not whole:
        return text
    names = "|".join(re.escape(name) for name in whole)
    return re.sub(rf"\b(?:{names})\b", lambda found: whole[found[0]], text)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def _leave_out(plan: dict[str, Any], tables: set[str]) -> None:
    plan["Plans"] = [one for one in plan.get("Plans", []) if one.get("Relation Name") not in tables]
    for inner in plan["Plans"]:
        _leave_out(inner, tables)


def tidy_up(*indexes: str) -> None:
    """What autovacuum does: move new words from the indexes' waiting lists to their place."""
    with connection.cursor() as cursor:
        cursor.execute(LEAVES, [list(indexes), list(indexes)])
        for (name,) in cursor.fetchall():
            cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [name])
