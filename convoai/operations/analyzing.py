"""Fresh figures for PostgreSQL's planner, and dead rows cleared, table by table.

ANALYZE reads a sample of a table, VACUUM all of it that changed; neither holds up who reads or
writes. PostgreSQL does both by itself now and then; after an import, a deletion of much or a
restore one need not wait for that.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg2
from django.db import connections
from psycopg2 import sql

from convoai.operations.doctor.installation import Installation, quoted
from convoai.operations.doctor.server import Server
from convoai.operations.doctor.tables import SCHEMA, our_tables
from convoai.operations.findings import Finding, ok, warning

# It waits for others that change the table's structure, not for who reads or writes.
SESSION = "SET lock_timeout = '3s'; SET statement_timeout = 0"
# Changed rows, of all, from which on old figures may mislead the planner; PostgreSQL's own limit.
MUCH = 0.1
# A partitioned table has the rows of its partitions, and is analyzed by nobody but a command.
CONDITIONS = f"""
SELECT s.relname::text, coalesce(parts.live, s.n_live_tup), coalesce(parts.dead, s.n_dead_tup),
       coalesce(parts.changed, s.n_mod_since_analyze),
       greatest(s.last_analyze, s.last_autoanalyze),
       coalesce(parts.vacuumed, greatest(s.last_vacuum, s.last_autovacuum))
FROM pg_stat_user_tables AS s
CROSS JOIN LATERAL (
    SELECT sum(pg_stat_get_live_tuples(relid))::bigint AS live,
           sum(pg_stat_get_dead_tuples(relid))::bigint AS dead,
           sum(pg_stat_get_mod_since_analyze(relid))::bigint AS changed,
           max(greatest(pg_stat_get_last_vacuum_time(relid),
                        pg_stat_get_last_autovacuum_time(relid))) AS vacuumed
    FROM pg_partition_tree(s.relid) WHERE isleaf
) AS parts
WHERE s.schemaname = {SCHEMA} AND s.relname = ANY(%s) ORDER BY s.relname
"""


class NoSuchTable(Exception):
    """One sentence that says so, with the fix or the names that there are."""


@dataclass(frozen=True)
class Condition:
    """A table as the planner and autovacuum know it; times None for never."""

    table: str
    rows: int
    dead_rows: int
    changed_rows: int
    analyzed_at: datetime | None
    vacuumed_at: datetime | None

    @property
    def reason(self) -> str:
        """Why it is worth it, in words."""
        reasons = []
        if self.analyzed_at is None:
            reasons.append("never analyzed")
        elif self.changed_rows > MUCH * max(self.rows, 1):
            reasons.append(f"{self.changed_rows:,} rows changed since the last time")
        if self.dead_rows > MUCH * max(self.rows, 1):
            reasons.append(f"{self.dead_rows:,} dead rows")
        return ", ".join(reasons) or "no need, its figures are fresh"


@dataclass(frozen=True)
class Outcome:
    """What was done to one table; `problem` is a sentence when nothing was."""

    before: Condition
    after: Condition
    seconds: float
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"reason": self.before.reason, **asdict(self)}


def conditions(server: Server, tables: Sequence[str]) -> list[Condition]:
    """How these tables stand, by name; those that are not there are left out."""
    return [Condition(*row) for row in server.rows(CONDITIONS, list(tables))]


def chosen_tables(server: Server, only: Sequence[str] = ()) -> list[str]:
    """The tables of convoai that are there, or the named ones. Raises NoSuchTable."""
    there = [one.table for one in conditions(server, our_tables())]
    if not there:
        raise NoSuchTable("The database has none of convoai's tables: run `manage.py migrate`.")
    if set(only) - set(there):
        raise NoSuchTable(f"convoai has no table of that name; there are {', '.join(there)}.")
    return [table for table in there if not only or table in only]


def analyze_tables(
    server: Server, driver: Any, tables: Sequence[str], *, vacuum: bool
) -> Iterator[Outcome]:
    """ANALYZE, or VACUUM (ANALYZE), one table after the other; yields as each is done."""
    command = "VACUUM (ANALYZE) {}" if vacuum else "ANALYZE {}"
    for table in tables:
        (before,) = conditions(server, [table])
        problem, started = "", time.monotonic()
        try:
            with driver.cursor() as cursor:
                cursor.execute(sql.SQL(command).format(sql.Identifier(table)))
        except psycopg2.errors.LockNotAvailable:
            problem = "somebody changes its structure just now"
        except psycopg2.errors.InsufficientPrivilege:
            problem = "the role may not"
        seconds = time.monotonic() - started
        (after,) = conditions(server, [table])
        if not problem and after.analyzed_at == before.analyzed_at:
            # PostgreSQL only warns, and passes the table by.
            problem = "the role may not"
        yield Outcome(before, after, seconds, problem)


def judge(outcomes: Sequence[Outcome], here: Installation, *, vacuum: bool) -> Iterator[Finding]:
    """What to say about the outcomes, with the way to what could not be done."""
    failed = [one for one in outcomes if one.problem]
    done = len(outcomes) - len(failed)
    if failed:
        command = "VACUUM (ANALYZE)" if vacuum else "ANALYZE"
        told = ", ".join(f"{one.before.table} ({one.problem})" for one in failed)
        refused = [one.before.table for one in failed if "may not" in one.problem]
        yield warning(
            "analyze.refused",
            f"Not done: {told}.",
            "As the owner of the tables: "
            + here.administrator_sql(*(f"{command} {quoted(table)}" for table in refused))
            + f"; or, on PostgreSQL 17 and newer, GRANT MAINTAIN to {here.role}."
            if refused
            else "Try again in a while.",
            tables=[one.before.table for one in failed],
        )
    if done:
        yield ok(
            "analyze.done",
            f"{done} tables in {sum(one.seconds for one in outcomes):.1f} s.",
            tables=[one.before.table for one in outcomes if not one.problem],
        )


@contextmanager
def writing_connection() -> Iterator[tuple[Server, Any]]:
    """A connection outside of pool and transaction, which VACUUM needs. Raises psycopg2.Error."""
    driver = psycopg2.connect(**connections["default"].get_connection_params())
    try:
        driver.autocommit = True
        with driver.cursor() as cursor:
            cursor.execute(SESSION)
        yield Server(driver), driver
    finally:
        driver.close()
