"""What statements took, from convoai's own record or from the server's pg_stat_statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import psycopg2

from convoai.database.folding import fold
from convoai.database.statement_times import quantile
from convoai.operations.doctor.server import Server
from convoai.operations.models import StatementTimes
from convoai.operations.statements.storing import KEPT_DAYS, digest_of, today

VIEW = "pg_stat_statements"
# Of this database, convoai's own role or not; one that may not see a text sees no figures of use.
OF_THE_SERVER = """
SELECT query, calls, total_exec_time, mean_exec_time, max_exec_time, rows,
       shared_blks_read * current_setting('block_size')::bigint,
       (temp_blks_read + temp_blks_written) * current_setting('block_size')::bigint,
       sum(total_exec_time) OVER ()
FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND query NOT LIKE '<insufficient privilege>%%'
ORDER BY total_exec_time DESC LIMIT %s
"""


@dataclass(frozen=True)
class Statement:
    """One statement of one route, all its calls together; times in milliseconds, sizes in bytes.

    `share` is its part of the time of all statements. What the source does not know is None: the
    server knows no routes and no p95, convoai's own record no rows and no bytes.
    """

    route: str | None
    statement: str
    calls: int
    total_ms: float
    mean_ms: float
    p95_ms: float | None
    longest_ms: float
    share: float
    rows: int | None = None
    read_bytes: int | None = None
    temporary_bytes: int | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def own_statements(*, limit: int, since: date | None = None) -> list[Statement]:
    """From convoai's own record: the statements that took the most time in all, first.

    `since` is the first day (UTC) that counts; None: all that is kept.
    """
    first_day = since or today() - timedelta(days=KEPT_DAYS)
    kept = StatementTimes.objects.since(first_day)
    rows = list(kept.by_statement()[:limit])
    everything = sum(kept.values_list("total", flat=True)) or 1
    histograms = _histograms(first_day, rows)
    return [
        Statement(
            route=row["route"],
            statement=row["statement"],
            calls=row["calls"],
            total_ms=row["total"] / 1000,
            mean_ms=row["total"] / 1000 / row["calls"],
            p95_ms=quantile(histograms[row["route"], row["digest"]], 0.95, row["longest"]) / 1000,
            longest_ms=row["longest"] / 1000,
            share=row["total"] / everything,
        )
        for row in rows
    ]


def _histograms(
    first_day: date, rows: Sequence[dict[str, Any]]
) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    kept = StatementTimes.objects.since(first_day)
    days = kept.filter(digest__in={row["digest"] for row in rows})
    for route, digest, counts in days.values_list("route", "digest", "histogram"):
        before = found.get((route, digest))
        found[route, digest] = [
            a + b for a, b in zip(before or [0] * len(counts), counts, strict=True)
        ]
    return found


def has_statistics(server: Server) -> bool:
    """Whether pg_stat_statements can be read here."""
    if server.row("SELECT to_regclass(%s) IS NOT NULL", VIEW)[0]:
        try:
            server.rows(OF_THE_SERVER, 1)
        except psycopg2.Error:
            return False  # not loaded, or no right on the view
        return True
    return False


def server_statements(server: Server, *, limit: int) -> list[Statement]:
    """From pg_stat_statements, since its last reset. Raises psycopg2.Error.

    The route is that of convoai's own record for the same text, when there is just one.
    """
    rows = server.rows(OF_THE_SERVER, limit)
    folded = [fold(row[0]) for row in rows]
    routes = _routes_of(folded)
    return [
        Statement(
            route=routes.get(digest_of(text)),
            statement=text,
            calls=int(calls),
            total_ms=float(total),
            mean_ms=float(mean),
            p95_ms=None,
            longest_ms=float(longest),
            share=float(total) / (float(everything) or 1),
            rows=int(count),
            read_bytes=int(read),
            temporary_bytes=int(temporary),
        )
        for text, (_, calls, total, mean, longest, count, read, temporary, everything) in zip(
            folded, rows, strict=True
        )
    ]


def _routes_of(statements: Sequence[str]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    wanted = {digest_of(text) for text in statements}
    kept = StatementTimes.objects.filter(digest__in=wanted)
    for digest, route in kept.values_list("digest", "route").distinct():
        found.setdefault(digest, set()).add(route)
    several = "several routes"
    return {
        digest: next(iter(routes)) if len(routes) == 1 else several
        for digest, routes in found.items()
    }
