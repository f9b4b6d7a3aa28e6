"""Statements as a table for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convoai.operations.statements.judging import shortened
from convoai.operations.statements.reading import Statement

HEADINGS = ("total s", "share", "calls", "mean ms", "p95 ms", "max ms")
EXPLAINED = (
    "total: time of all calls together; share: its part of the time of all statements; p95: 19 of "
    "20 calls were faster. `?` stands for a value."
)


def table(statements: Sequence[Statement]) -> Iterator[str]:
    """A line of figures for each statement, and below it what it is."""
    if not statements:
        return
    yield " ".join(f"{heading:>9}" for heading in HEADINGS) + "  route, and its statement"
    for one in statements:
        p95 = "-" if one.p95_ms is None else f"{one.p95_ms:,.1f}"
        figures = (
            f"{one.total_ms / 1000:,.2f}",
            f"{one.share:.1%}",
            f"{one.calls:,}",
            f"{one.mean_ms:,.1f}",
            p95,
            f"{one.longest_ms:,.1f}",
        )
        yield " ".join(f"{figure:>9}" for figure in figures) + f"  {one.route or '-'}"
        yield f"{'':>60} {shortened(one.statement)}"
    yield EXPLAINED
