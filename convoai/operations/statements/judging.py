"""Which statements are slow, in words for somebody who never looked at one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from convoai.operations.findings import Finding, info, ok, warning
from convoai.operations.statements.reading import Statement

# Milliseconds: on average, for one call in twenty, and for commands and jobs, which may take more.
SLOW_MEAN, SLOW_P95, SLOW_ALONE = 100.0, 1_000.0, 1_000.0
# A single call says little: the first one after a start reads from the disk.
FEWEST_CALLS = 3
# Bytes of temporary files for each call, from which on memory is too small for the work.
TEMPORARY = 10_000_000
NAMED = 10


def judge(statements: Sequence[Statement]) -> Iterator[Finding]:
    """The findings about what statements took; at most NAMED of each kind, the slowest first."""
    slow = [one for one in statements if is_slow(one)]
    for one in slow[:NAMED]:
        waits = not is_background(one)
        make = warning if waits else info
        yield make(
            "statements.slow",
            f"{one.route or 'Somebody'} {'waits' if waits else 'takes'} {_time(one.mean_ms)} on "
            f"average{_tail(one)} for: {shortened(one.statement)} ({one.calls:,} calls, "
            f"{one.share:.0%} of all time)",
            _hint(one),
            **one.as_json(),
        )
    spilling = [
        one
        for one in statements
        if one.temporary_bytes and one.temporary_bytes / one.calls > TEMPORARY
    ]
    for one in spilling[:NAMED]:
        yield warning(
            "statements.temporary",
            f"{(one.temporary_bytes or 0) / one.calls / 1e6:.0f} MB of temporary files for each "
            f"call of: {shortened(one.statement)}",
            "It sorts or joins more than fits into work_mem; `manage.py doctor` tells its value "
            "under settings.memory.",
            **one.as_json(),
        )
    if not slow and not spilling:
        told = f"None of {len(statements)} statements is slow." if statements else "No figures yet."
        yield ok("statements.slow", told)


def is_slow(one: Statement) -> bool:
    """Whether somebody waits for it, or a job takes far longer than it should."""
    if one.calls < FEWEST_CALLS:
        return False
    if is_background(one):
        return one.mean_ms >= SLOW_ALONE
    return one.mean_ms >= SLOW_MEAN or (one.p95_ms or 0) >= SLOW_P95


def is_background(one: Statement) -> bool:
    """Whether nobody waits in front of a page for it."""
    return bool(one.route) and str(one.route).startswith(("command ", "job "))


def shortened(statement: str, most: int = 160) -> str:
    """One line of a statement: its list of columns as `…`, and no more than `most` characters."""
    short = re.sub(r"^(SELECT (?:DISTINCT )?)(.{40,}?)( FROM )", r"\1…\3", statement, count=1)
    short = re.sub(r"^(INSERT INTO \S+ )(\(.{40,}?\))( VALUES)", r"\1(…)\3", short, count=1)
    return short if len(short) <= most else f"{short[: most - 1]}…"


def _tail(one: Statement) -> str:
    return "" if one.p95_ms is None else f" ({_time(one.p95_ms)} in the worst of twenty)"


def _time(milliseconds: float) -> str:
    if milliseconds >= 10_000:
        return f"{milliseconds / 1000:,.0f} s"
    return f"{milliseconds:,.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"


def _hint(one: Statement) -> str:
    route = one.route or ""
    if route.startswith("GET /"):
        return f"`manage.py explain '{route}'` shows which tables it reads, and whether by index."
    if is_background(one):
        return "Nobody waits for it; look again if the work gets in the way of requests."
    return (
        "`manage.py analyze_tables` gives PostgreSQL fresh figures to plan with; then look again "
        "after `manage.py slow_queries --reset`."
    )
