"""Plans as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator

from convoai.operations.explain.explaining import Explained, Explanation, is_misjudged
from convoai.operations.explain.plans import Step
from convoai.operations.statements.judging import shortened

# Steps that only pass on what the ones below found are told in a plan, not in its summary.
Line = tuple[str, bool]


def lines(explanation: Explanation, bad_tables: set[str]) -> Iterator[Line]:
    """Each line, and whether it tells of something bad."""
    for number, one in enumerate(explanation.statements, start=1):
        yield _head(number, one), False
        if one.plan.why_not:
            yield f"     {one.plan.why_not}", False
            continue
        for step in one.plan.steps:
            bad = (step.is_sequential and step.table in bad_tables) or is_misjudged(step)
            yield _step(step), bad
        if one.plan.execution_ms is not None:
            yield (
                f"     planned in {one.plan.planning_ms:.1f} ms, run in "
                f"{one.plan.execution_ms:.1f} ms, {one.plan.pages_in_memory:,} pages from memory "
                f"and {one.plan.pages_read:,} from disk",
                False,
            )


def _head(number: int, one: Explained) -> str:
    times = f", {one.asked.calls} times" if one.asked.calls > 1 else ""
    rows = f"{one.asked.rows:,} rows" if one.asked.rows >= 0 else "no rows"
    return (
        f"{number:>3}. {one.asked.milliseconds:,.1f} ms, {rows}{times}: "
        f"{shortened(one.asked.folded, 240)}"
    )


def _step(step: Step) -> str:
    of = f" of {step.table}" if step.table else ""
    by = f" by {step.index}" if step.index else ""
    if step.rows is None:
        rows = f"{step.planned_rows:,} rows expected"
    else:
        rows = f"{step.rows:,} rows, {step.planned_rows * step.loops:,} expected"
        rows += f", {step.milliseconds or 0:.1f} ms"
    condition = f" [{shortened(step.condition)}]" if step.condition else ""
    return f"     {'  ' * step.depth}{step.kind}{of}{by}: {rows}{condition}"
