"""From what was asked for to statements with their plans and what is to be said about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Count

from conversations.models import Message
from convoai.accounts.models import User
from convoai.operations.explain.capturing import (
    Asked,
    Captured,
    capture_request,
    capture_rows,
)
from convoai.operations.explain.named import NAMED
from convoai.operations.explain.plans import Plan, Step, explain
from convoai.operations.explain.problem import ExplainProblem
from convoai.operations.explain.routes import path_of
from convoai.operations.findings import Finding, info, ok, warning, worst
from convoai.operations.statements.judging import shortened

# A table is big from so many rows on; reading most of it as a whole is right, the rest is not.
BIG_ROWS, MOST_OF_IT = 10_000, 0.3
# An estimate is wrong when it is off by this factor, and by at least so many rows.
FACTOR, ROWS_OFF = 100, 1_000
WORDS = "family work"


@dataclass(frozen=True)
class Explained:
    """A statement, what it took inside of the request, and its plan."""

    asked: Asked
    plan: Plan

    def as_json(self) -> dict[str, Any]:
        return {
            "statement": self.asked.folded,
            "calls": self.asked.calls,
            "milliseconds": round(self.asked.milliseconds, 3),
            "rows": self.asked.rows,
            "plan": self.plan.as_json(),
        }


@dataclass(frozen=True)
class Explanation:
    status: int | None
    statements: list[Explained]
    findings: list[Finding]

    def as_json(self) -> dict[str, Any]:
        return {
            "level": worst(self.findings).word,
            "status": self.status,
            "findings": [one.as_json() for one in self.findings],
            "statements": [one.as_json() for one in self.statements],
        }


def explain_read(
    asked: str, *, email: str = "", words: str = WORDS, analyze: bool = False
) -> Explanation:
    """Run a route or a named read as a user and explain every statement of it.

    Everything happens in transactions that can only read and are taken back. Raises
    ExplainProblem with one sentence.
    """
    user = find_user(email)
    named = NAMED.get(asked.strip())
    if named is None:
        captured = capture_request(path_of(asked, user, words), user)
    elif named.rows is None:
        captured = capture_request(named.address(words), user)
    else:
        read = named.rows
        captured = capture_rows(lambda: read(user, words))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        explained = [Explained(one, explain(one, analyze=analyze)) for one in captured.statements]
        sizes = _rows_of({table for one in explained for table in one.plan.tables})
    findings = [*findings_of_the_run(captured), *judge(explained, sizes)]
    return Explanation(captured.status, explained, findings)


def find_user(email: str = "") -> Any:
    """The user of this address, or the one with the most messages. Raises ExplainProblem."""
    if email:
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is None:
            raise ExplainProblem("No active user has the address that --user names.")
        return user
    most = Message.objects.order_by().values("user").annotate(n=Count("pk")).order_by("-n")
    owner = most.filter(user__is_active=True).values_list("user", flat=True).first()
    active = User.objects.filter(is_active=True).order_by("pk")
    found = active.filter(pk=owner).first() if owner else active.first()
    if found is None:
        raise ExplainProblem("There is no active user: make one with `manage.py create_user`.")
    return found


def judge(explained: list[Explained], sizes: dict[str, int]) -> Iterator[Finding]:
    """Big tables that are read as a whole, and estimates that are far off."""
    found = list(_sequential(explained, sizes)) + list(_misjudged(explained))
    yield from found
    if not found:
        yield ok("explain.plans", f"{len(explained)} statements, every one by a sound plan.")


def reads_in_vain(step: Step, sizes: dict[str, int]) -> bool:
    """Whether a step reads a big table from end to end for a part of its rows."""
    size = sizes.get(step.table or "", 0)
    return step.is_sequential and size >= BIG_ROWS and step.planned_rows < MOST_OF_IT * size


def is_misjudged(step: Step) -> bool:
    """Whether the planner expected a hundred times as many rows, or as few."""
    if step.rows is None or step.kind == "Limit":
        return False
    planned, real = max(step.planned_rows * step.loops, 1), max(step.rows, 1)
    return max(planned, real) / min(planned, real) > FACTOR and abs(planned - real) >= ROWS_OFF


def _sequential(explained: list[Explained], sizes: dict[str, int]) -> Iterator[Finding]:
    for one in explained:
        for step in one.plan.steps:
            if reads_in_vain(step, sizes):
                yield warning(
                    "explain.sequential",
                    f"{step.table} ({sizes[step.table or '']:,} rows) is read from end to end for "
                    f"about {step.planned_rows:,} of them: {shortened(one.asked.folded)}",
                    "`manage.py analyze_tables` first; if the plan stays, an index on what the "
                    f"condition compares is missing: {step.condition or 'it has no condition'}.",
                    table=step.table,
                    rows=sizes[step.table or ""],
                    wanted=step.planned_rows,
                )


def _misjudged(explained: list[Explained]) -> Iterator[Finding]:
    for one in explained:
        wrong = [step for step in one.plan.steps if is_misjudged(step)]
        # Where it began: what stands above only passes the error on.
        for step in wrong[-1:]:
            yield warning(
                "explain.estimate",
                f"PostgreSQL expected {step.planned_rows * step.loops:,} rows and found "
                f"{step.rows:,} ({step.kind}{f' of {step.table}' if step.table else ''}): "
                f"{shortened(one.asked.folded)}",
                "`manage.py analyze_tables` gives it fresh figures to plan with.",
                table=step.table,
                planned=step.planned_rows * step.loops,
                found=step.rows,
            )


def findings_of_the_run(captured: Captured) -> Iterator[Finding]:
    """What kept the run from being the usual one."""
    if captured.refused:
        yield info(
            "explain.writes",
            "The route also wanted to write, or failed, which ended it here: "
            + "; ".join(shortened(one, 80) for one in captured.refused[:3]),
            "What it would have asked after that is not shown.",
        )
    elif captured.status is not None and captured.status >= 300:
        yield warning(
            "explain.status",
            f"The route answered {captured.status}, so what it asks when all is well is not shown.",
            "Give a path with a row of the user, and the query that the route wants; pages of the "
            "admin want a member of staff (--user EMAIL).",
            status=captured.status,
        )


def _rows_of(tables: set[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname::text, greatest(reltuples, pg_stat_get_live_tuples(oid))::bigint "
            "FROM pg_class WHERE relname = ANY(%s) AND relkind IN ('r', 'p')",
            [list(tables)],
        )
        return dict(cursor.fetchall())
