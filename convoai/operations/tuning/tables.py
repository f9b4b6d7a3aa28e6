"""When a large table is cleaned: storage options of its own, which its owner may set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convoai.operations.tuning.asking import Table

# From so many rows on, a fifth of a table is more than should wait.
LARGE = 250_000
# Option: the server's default, and how many changed rows may wait.
OPTIONS = {
    "autovacuum_vacuum_scale_factor": (0.2, 50_000),
    "autovacuum_vacuum_insert_scale_factor": (0.2, 50_000),
    "autovacuum_analyze_scale_factor": (0.1, 25_000),
}
SOURCE = "PostgreSQL documentation, The Autovacuum Daemon: threshold + scale factor x rows"


@dataclass(frozen=True)
class TableAdvice:
    """Options for one table, with what they were before (None: not set)."""

    table: Table
    values: dict[str, str]

    @property
    def reason(self) -> str:
        share = self.values.get("autovacuum_vacuum_scale_factor", "0.2")
        return (
            f"{self.table.name} has {self.table.rows:,} rows: by default it is cleaned when a "
            f"fifth of them has changed; with {share} after about "
            f"{round(float(share) * self.table.rows, -3):,.0f}, in shorter turns, and the "
            "planner's figures are renewed as often"
        )

    @property
    def before(self) -> dict[str, str | None]:
        return {name: self.table.options.get(name) for name in self.values}


def table_advice(tables: tuple[Table, ...]) -> Iterator[TableAdvice]:
    """What tables of more than LARGE rows should have and have not."""
    for table in tables:
        values = {}
        for name, (default, waiting) in OPTIONS.items():
            wanted = scale_factor(table.rows, default, waiting)
            # Half as much more or less than wanted will do: tables grow.
            if not 0.5 * wanted <= float(table.options.get(name, default)) <= 1.5 * wanted:
                values[name] = f"{wanted:g}"
        if values:
            yield TableAdvice(table, values)


def scale_factor(rows: int, default: float, waiting: int) -> float:
    """The share of `rows` that is `waiting`, between 0.005 and the server's default."""
    return max(min(round(waiting / max(rows, 1), 3), default), 0.005)
