"""Deletes again what the ledger says was deleted, in a database that holds an older state."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2 import sql

from convoai.database.erasures import SETTING
from convoai.operations.erasures.ledger import TABLES, Key, Moments
from convoai.refusals import Refusal

STAGE = """
CREATE TEMP TABLE convoai_replayed (
    table_name text, row_id bigint, made_at timestamptz, erased_at timestamptz,
    undone_at timestamptz
) ON COMMIT DROP
"""
COPY = "COPY pg_temp.convoai_replayed FROM STDIN WITH (FORMAT csv)"
STANDS = """
one.table_name = {name} AND (one.undone_at IS NULL OR one.undone_at < one.erased_at)
AND made.id = one.row_id AND made.{made} = one.made_at
"""
COUNT = "SELECT count(*) FROM public.{table} AS made, pg_temp.convoai_replayed AS one WHERE "
DELETE = "DELETE FROM public.{table} AS made USING pg_temp.convoai_replayed AS one WHERE "
UNDO = """
UPDATE pg_temp.convoai_replayed AS one SET undone_at = clock_timestamp()
FROM public.{table} AS made WHERE """
KEEP = """
INSERT INTO public.erasures AS known (table_name, row_id, made_at, erased_at, undone_at)
SELECT table_name, row_id, made_at, erased_at, undone_at FROM pg_temp.convoai_replayed
ON CONFLICT (table_name, row_id, made_at) DO UPDATE
SET erased_at = greatest(known.erased_at, excluded.erased_at),
    undone_at = greatest(known.undone_at, excluded.undone_at)
"""
# The folder of a user's pictures goes with the user: also one that no partner names.
PICTURES = """
SELECT made.image_path FROM public.conversation_partners AS made
WHERE made.image_path LIKE 'faces/%' AND (
    EXISTS (SELECT FROM pg_temp.convoai_gone AS gone
            WHERE gone.table_name = 'conversation_partners' AND gone.id = made.id)
    OR EXISTS (SELECT FROM pg_temp.convoai_gone AS gone
               WHERE gone.table_name = 'users' AND gone.id = made.user_id))
"""
GONE = "CREATE TEMP TABLE convoai_gone (table_name text, id bigint) ON COMMIT DROP"
FIND_GONE = """
INSERT INTO pg_temp.convoai_gone SELECT {name}, made.id
FROM public.{table} AS made, pg_temp.convoai_replayed AS one WHERE """
CLAIMED = "SELECT image_path FROM public.conversation_partners WHERE image_path = ANY (%s)"


@dataclass
class Replayed:
    """How many rows of each table were deleted again, and the pictures that go with them."""

    counts: Counter[str] = field(default_factory=Counter)
    pictures: set[str] = field(default_factory=set)
    # `faces/<user id>/`, of users who were deleted.
    folders: tuple[str, ...] = ()

    def takes(self, picture: str) -> bool:
        """Whether this picture was one of somebody who is gone."""
        return picture in self.pictures or picture.startswith(self.folders)


def count_standing(found: Any, ledger: Mapping[Key, Moments]) -> Counter[str]:
    """How many rows of each table are there although the ledger says that they were deleted."""
    with _staged(found, ledger) as (cursor, tables):
        counts = Counter({name: _run(cursor, COUNT, name) for name in tables})
        cursor.execute("ROLLBACK")
    return +counts


def replay(found: Any, ledger: Mapping[Key, Moments]) -> Replayed:
    """Delete these rows again, in one transaction, and remember the ledger in this database.

    The connection is one in autocommit. Raises Refusal; then nothing is changed.
    """
    done = Replayed()
    with _staged(found, ledger) as (cursor, tables):
        if "conversation_partners" in tables:
            done.folders = _pictures(cursor, done.pictures)
        _keep(cursor)
        for name in tables:
            _run(cursor, DELETE, name)
            done.counts[name] += cursor.rowcount
        if done.pictures:
            cursor.execute(CLAIMED, [sorted(done.pictures)])
            done.pictures -= {path for (path,) in cursor}
        cursor.execute("COMMIT")
    done.counts = +done.counts
    return done


def undo(found: Any, ledger: Mapping[Key, Moments]) -> None:
    """Remember in this database that its rows are there on purpose: no replay deletes them."""
    with _staged(found, ledger) as (cursor, tables):
        for name in tables:
            _run(cursor, UNDO, name)
        _keep(cursor)
        cursor.execute("COMMIT")


@contextmanager
def _staged(found: Any, ledger: Mapping[Key, Moments]) -> Iterator[tuple[Any, list[str]]]:
    """A transaction in which the ledger is a table, and the tables there are to work on."""
    rows = io.StringIO()
    csv.writer(rows).writerows([*key, *moments] for key, moments in ledger.items())
    rows.seek(0)
    try:
        with found.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'")
            cursor.execute("SET LOCAL statement_timeout = 0")
            # These deletions have been recorded, with their own moments.
            cursor.execute("SELECT set_config(%s, 'off', true)", [SETTING])
            cursor.execute(STAGE)
            cursor.copy_expert(COPY, rows)
            cursor.execute("ANALYZE pg_temp.convoai_replayed")
            tables = [
                name
                for name in TABLES
                if _value(cursor, "SELECT to_regclass(%s)", f"public.{name}") is not None
            ]
            yield cursor, tables
    except psycopg2.Error as error:
        with found.cursor() as cursor:
            if not found.closed:
                cursor.execute("ROLLBACK")
        said = (str(error).strip().splitlines() or ["it gave no reason"])[0].rstrip(".")
        raise Refusal("failed", f"The deletions could not be applied: {said}.") from error


def _keep(cursor: Any) -> None:
    """A backup of an older version has no ledger yet; `manage.py migrate` makes it."""
    if _value(cursor, "SELECT to_regclass('public.erasures')") is not None:
        cursor.execute(KEEP)


def _pictures(cursor: Any, pictures: set[str]) -> tuple[str, ...]:
    """Find the pictures that go along; return the folders of users who go."""
    cursor.execute(GONE)
    for name in ("users", "conversation_partners"):
        _run(cursor, FIND_GONE, name)
    cursor.execute(PICTURES)
    pictures.update(path for (path,) in cursor)
    cursor.execute("SELECT id FROM pg_temp.convoai_gone WHERE table_name = 'users'")
    return tuple(f"faces/{row_id}/" for (row_id,) in cursor)


def _run(cursor: Any, start: str, name: str) -> int:
    """Run a statement for one table; the first value that it answers with, if any."""
    cursor.execute(
        sql.SQL(start + STANDS).format(
            table=sql.Identifier(name), name=sql.Literal(name), made=sql.Identifier(TABLES[name][0])
        )
    )
    return int(cursor.fetchone()[0]) if cursor.description else 0


def _value(cursor: Any, query: str, *values: Any) -> Any:
    cursor.execute(query, values or None)
    return cursor.fetchone()[0]
