"""What a migration does to tables that are full and in use: locks, rows it reads, rewrites."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import psycopg2
from django.db import OperationalError, connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from convoai.database.transactions import sqlstate
from tests.conversations.rows import sql
from tests.database.empty_database import direct

# Modes that keep others from reading or writing rows.
STRONG = ("AccessExclusiveLock", "ExclusiveLock", "ShareRowExclusiveLock", "ShareLock")
# Rows of the tables that count, and how many of them one transaction may read or write in passing.
FULL, FEW = 1_000, 500
TRIES = 10
# For a reader or a writer; ten times what tables of this size need, on a machine that is busy.
LONGEST_WAIT = "500ms"

LOCKS = """
SELECT relation::regclass::text, mode FROM pg_locks
WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND mode = ANY (%s)
"""
ROWS = """
SELECT relname::text, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0),
       n_tup_ins + n_tup_upd + n_tup_del
FROM pg_stat_xact_user_tables WHERE schemaname = 'public'
"""
# Of tables and of their indexes.
FILES = """
SELECT pg_class.oid::regclass::text, pg_relation_filenode(pg_class.oid)
FROM pg_class LEFT JOIN pg_index ON indexrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')
  AND coalesce(indrelid, pg_class.oid)::regclass::text = ANY (%s)
"""


@dataclass
class Observation:
    """What one migration did, as far as it holds others up; `wrongs` are sentences."""

    tables: list[str]
    wrongs: list[str] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Look at the end of a transaction, when it still has all of its locks."""
        with transaction.atomic():
            files, rows = dict(sql(FILES, self.tables)), _rows()
            yield
            if not connection.needs_rollback:
                self._compare(files, rows)

    def _compare(self, files: dict[str, int], before: dict[str, tuple[int, int]]) -> None:
        locked = {table: mode for table, mode in sql(LOCKS, list(STRONG)) if table in self.tables}
        now = dict(sql(FILES, self.tables))
        rewritten = [name for name in files if now.get(name, files[name]) != files[name]]
        for name in rewritten:
            self.wrongs.append(f"writes {name} anew")
        for table, (read, written) in _rows().items():
            if table not in self.tables:
                continue
            read_before, written_before = before.get(table, (0, 0))
            reads, writes = read - read_before, written - written_before
            if locked and reads > FEW:
                held = ", ".join(f"{mode} on {name}" for name, mode in sorted(locked.items()))
                self.wrongs.append(f"reads {reads} rows of {table} with {held}")
            if writes > FEW:
                self.wrongs.append(f"writes {writes} rows of {table} in one transaction")

    def statement(
        self, execute: Callable[..., Any], query: Any, params: Any, many: bool, context: Any
    ) -> Any:
        """Around each statement of a migration without a transaction of its own."""
        if connection.in_atomic_block or "CONCURRENTLY" in str(query).upper():
            return execute(query, params, many, context)
        with self.transaction():
            return execute(query, params, many, context)


def observe(
    migration: Migration, state: ProjectState, tables: list[str]
) -> tuple[Observation, ProjectState]:
    """Apply a migration to `state`; what it did to these tables, and the state that follows."""
    for _ in range(TRIES):
        seen, next_state = Observation(tables), state.clone()
        executor = MigrationExecutor(connection)
        try:
            if migration.atomic:
                with seen.transaction():
                    next_state = executor.apply_migration(next_state, migration)
            else:
                with connection.execute_wrapper(seen.statement):
                    next_state = executor.apply_migration(next_state, migration)
        except OperationalError as error:
            # As `migrate` does: a reader or a writer was in the way.
            if sqlstate(error) not in {"55P03", "40P01"}:
                raise
            continue
        return seen, next_state
    raise AssertionError(f"{migration} found no moment between reader and writer")


def full_tables() -> list[str]:
    """The tables that the observed migrations find full."""
    names = [
        name
        for (name,) in sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        if not name.startswith(("django_", "auth_", "axes_"))
    ]
    return [name for name in names if sql(f'SELECT count(*) FROM "{name}"')[0][0] >= FULL]


def _rows() -> dict[str, tuple[int, int]]:
    return {table: (read, written) for table, read, written in sql(ROWS)}


class Traffic:
    """A reader and a writer that go on until the block ends, each statement by itself.

    `held_up` has the statements that waited for a lock for longer than LONGEST_WAIT: waiting for
    the processor, on a busy machine, does not count.
    """

    def __init__(self, tables: list[str]) -> None:
        self.tables = tables
        self.held_up: list[str] = []
        self.problems: list[str] = []
        self._end = Event()

    def __enter__(self) -> Traffic:
        statements = (
            'SELECT * FROM "{}" WHERE id = 7',
            'UPDATE "{}" SET id = id WHERE id = 7',
        )
        self._threads = [Thread(target=self._go, args=[one]) for one in statements]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _go(self, statement: str) -> None:
        driver = direct()
        try:
            with driver.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LONGEST_WAIT])
                while not self._end.wait(0.005):
                    for table in self.tables:
                        self._try(cursor, statement.format(table))
        except driver.Error as problem:
            self.problems.append(f"{statement}: {problem}")
        finally:
            driver.close()

    def _try(self, cursor: Any, statement: str) -> None:
        try:
            cursor.execute(statement)
        except psycopg2.errors.LockNotAvailable:
            self.held_up.append(statement)
