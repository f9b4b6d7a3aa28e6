"""Whether the new tables hold what those in use hold: counts and digests, of one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from convoai.operations.partitions.building import Blueprint
from convoai.operations.partitions.names import REGISTERED, REGISTRY, TABLES, WORK
from convoai.operations.partitions.noting import LOG

RANGE = 20_000
# The bytes of a vector, because writing it in decimals takes far longer.
AS_BYTES = {"vector": "sha256(vector_send({}))", "halfvec": "sha256(halfvec_send({}))"}
# As in the digests of backups: a sum, so that the order of the rows does not matter.
DIGEST = """
SELECT count(*), coalesce(sum(('x' || substr(encode(sha256(convert_to(
    ROW({columns})::text, 'UTF8')), 'hex'), 1, 16))::bit(64)::bigint::numeric), 0)
FROM {table} AS t WHERE {condition}
"""


def differing(
    cursor: Any, blueprint: Blueprint, progress: Callable[[str, int, int], None]
) -> Iterator[str]:
    """One sentence for each range of ids that differs. The transaction is REPEATABLE READ.

    Rows whose change is still on the log are left out.
    """
    for table, old, new, columns in _pairs(blueprint):
        cursor.execute(
            f"SELECT coalesce(array_agg(DISTINCT row_id), '{{}}') FROM {LOG} WHERE is_talk = %s",
            [table == "conversations"],
        )
        left_out = cursor.fetchone()[0]
        cursor.execute(
            f"SELECT coalesce(min(low), 0), coalesce(max(high), 0) FROM ("
            f"SELECT min(id) AS low, max(id) AS high FROM {old} "
            f"UNION ALL SELECT min(id), max(id) FROM {new}) AS ends"
        )
        low, high = cursor.fetchone()
        for start in range(low, high + 1, RANGE):
            condition = "t.id BETWEEN %s AND %s AND t.id <> ALL (%s)"
            values = [start, start + RANGE - 1, left_out]
            digests = [_digest(cursor, one, columns, condition, values) for one in (old, new)]
            progress(f"compare {table}", start + RANGE - low, high - low)
            if digests[0] != digests[1]:
                yield f"{table}, ids {start:,} to {start + RANGE - 1:,}"


def same(cursor: Any, blueprint: Blueprint, talks: list[int], messages: list[int]) -> bool:
    """Whether these rows are the same in both."""
    for table, old, new, columns in _pairs(blueprint):
        ids = messages if table == "messages" else talks
        digests = [
            _digest(cursor, one, columns, "t.id = ANY (%s)", [ids]) for one in (old, new) if ids
        ]
        if digests and digests[0] != digests[1]:
            return False
    return True


def _pairs(blueprint: Blueprint) -> Iterator[tuple[str, str, str, str]]:
    """Table, its old and its new place, and what to compare."""
    for table in TABLES:
        columns = ", ".join(
            AS_BYTES.get(kind, "{}").format(f"t.{name}")
            for name, kind in blueprint.columns[table].items()
        )
        yield table, f"{blueprint.schema}.{table}", f"{WORK}.{table}", columns
    if blueprint.by is not None:
        columns = ", ".join(f"t.{name}" for name in REGISTERED)
        yield "conversations", f"{blueprint.schema}.conversations", f"{WORK}.{REGISTRY}", columns


def _digest(cursor: Any, table: str, columns: str, condition: str, values: list[Any]) -> Any:
    cursor.execute(DIGEST.format(columns=columns, table=table, condition=condition), values)
    return cursor.fetchone()
