"""PostgreSQL's plan of a statement, read without the values that stand in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import DatabaseError, connection, transaction

from convoai.database.folding import fold
from convoai.database.transactions import sqlstate
from convoai.operations.explain.capturing import Asked

# Seconds for one statement with --analyze.
PATIENCE = "60s"
READS = ("SELECT", "WITH", "VALUES", "(")
# Parts of a plan that say which rows are wanted; they hold values.
CONDITIONS = ("Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter")


@dataclass(frozen=True)
class Step:
    """One step of a plan. `rows` are real ones, of all its loops; None without ANALYZE."""

    depth: int
    kind: str
    table: str | None
    index: str | None
    planned_rows: int
    rows: int | None
    loops: int
    milliseconds: float | None
    condition: str

    @property
    def is_sequential(self) -> bool:
        return self.kind == "Seq Scan"


@dataclass(frozen=True)
class Plan:
    """`why_not` is a sentence where a statement could not be explained. Times in milliseconds."""

    steps: list[Step] = field(default_factory=list)
    planning_ms: float | None = None
    execution_ms: float | None = None
    pages_in_memory: int | None = None
    pages_read: int | None = None
    why_not: str = ""

    @property
    def indexes(self) -> list[str]:
        return sorted({step.index for step in self.steps if step.index})

    @property
    def tables(self) -> list[str]:
        return sorted({step.table for step in self.steps if step.table})

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "indexes": self.indexes, "tables": self.tables}


def explain(asked: Asked, *, analyze: bool) -> Plan:
    """The plan of a statement; with `analyze` it is run once more. Writes nothing, ever."""
    if not asked.folded.upper().startswith(READS):
        return Plan(why_not="It is no question, so it has no plan.")
    options = "FORMAT JSON, ANALYZE, BUFFERS" if analyze else "FORMAT JSON"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if analyze:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])
            cursor.execute(f"EXPLAIN ({options}) {asked.sql}", asked.parameters)
            found = cursor.fetchone()[0]
    except DatabaseError as problem:
        # Not its message, which may repeat a value.
        return Plan(why_not=f"PostgreSQL would not explain it (SQLSTATE {sqlstate(problem)}).")
    (whole,) = json.loads(found) if isinstance(found, str) else found
    top = whole["Plan"]
    return Plan(
        list(_steps(top, 0)),
        whole.get("Planning Time"),
        whole.get("Execution Time"),
        top.get("Shared Hit Blocks"),
        top.get("Shared Read Blocks"),
    )


def _steps(node: dict[str, Any], depth: int) -> Iterator[Step]:
    loops = int(node.get("Actual Loops", 1))
    real = node.get("Actual Rows")
    took = node.get("Actual Total Time")
    yield Step(
        depth=depth,
        kind=str(node["Node Type"]),
        table=node.get("Relation Name"),
        index=node.get("Index Name"),
        planned_rows=int(node["Plan Rows"]),
        rows=None if real is None else round(float(real) * loops),
        loops=loops,
        milliseconds=None if took is None else float(took) * loops,
        condition="; ".join(fold(str(node[name])) for name in CONDITIONS if name in node),
    )
    for child in node.get("Plans", ()):
        yield from _steps(child, depth + 1)
