"""From the memory of each process into one table, and out of it again after some days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import connection
from psycopg2.extras import execute_values

from convoai.database.statement_times import OTHER, Key, Times
from convoai.database.transactions import write
from convoai.operations.models import StatementTimes

# Days that are kept, today among them, and entries of one day.
KEPT_DAYS, MOST_PER_DAY = 8, 2_000
LONGEST_ROUTE = 200
# Milliseconds to wait for another process that stores the same entries.
PATIENCE = "2000ms"
UPSERT = """
INSERT INTO statement_times AS old
    (day, route, digest, statement, calls, total, longest, histogram)
VALUES %s
ON CONFLICT (day, route, digest) DO UPDATE SET
    calls = old.calls + excluded.calls,
    total = old.total + excluded.total,
    longest = greatest(old.longest, excluded.longest),
    histogram = (
        SELECT array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY n)
        FROM unnest(old.histogram, excluded.histogram) WITH ORDINALITY AS both_of (a, b, n)
    )
"""


def today() -> date:
    return datetime.now(tz=UTC).date()


def digest_of(statement: str) -> str:
    return sha256(statement.encode(errors="replace")).hexdigest()[:32]


@write
def store_times(*, taken: Mapping[Key, Times], day: date | None = None) -> None:
    """Add what a process has counted to the day's rows. Raises Django's database errors."""
    day = day or today()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true), "
            "set_config('statement_timeout', %s, true)",
            [PATIENCE, PATIENCE],
        )
        rows = _rows(_bounded(taken, day), day)
        execute_values(cursor.cursor, UPSERT, rows, page_size=len(rows) or 1)


@write
def forget_old_times() -> None:
    """Delete the days that are no longer kept."""
    StatementTimes.objects.filter(day__lte=today() - timedelta(days=KEPT_DAYS)).delete()


@write
def forget_all_times() -> int:
    """Begin the record anew; how many entries there were."""
    return StatementTimes.objects.all().delete()[0]


def _bounded(taken: Mapping[Key, Times], day: date) -> dict[tuple[str, str, str], Times]:
    """By route, digest and statement; new ones as "other" once the day has its full number."""
    there = StatementTimes.objects.filter(day=day)
    is_full = there.count() + len(taken) > MOST_PER_DAY
    known = set(there.values_list("route", "digest")) if is_full else set()
    bounded: dict[tuple[str, str, str], Times] = {}
    for (route, statement), times in taken.items():
        key = (route[:LONGEST_ROUTE], digest_of(statement), statement)
        if is_full and key[:2] not in known:
            key = (OTHER[0], digest_of(OTHER[1]), OTHER[1])
        bounded.setdefault(key, Times()).merge(times)
    return bounded


def _rows(bounded: Mapping[tuple[str, str, str], Times], day: date) -> list[tuple[Any, ...]]:
    # Sorted, so that two processes which store at once never wait for each other in a circle.
    return [
        (day, route, digest, statement, times.calls, times.total, times.longest, times.histogram)
        for (route, digest, statement), times in sorted(bounded.items(), key=lambda one: one[0])
    ]
