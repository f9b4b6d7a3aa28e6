"""Changing the layout while the database is in use; stopped at any point, it goes on from there.

New tables are filled beside those in use, while triggers note what changes meanwhile; that is
followed until little is left, compared, and the tables are exchanged in one short transaction.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from convoai.operations.backup.server import Server
from convoai.operations.partitions import noting, rules, state
from convoai.operations.partitions.building import Blueprint, read_blueprint, tables_sql
from convoai.operations.partitions.layouts import is_partitioned
from convoai.operations.partitions.names import REPLACED, TABLES, WORK
from convoai.operations.partitions.periods import HAS_PERIOD, Length, wanted_periods
from convoai.operations.partitions.session import (
    Progress,
    brief,
    changing,
    current_schema,
    insist,
    transaction,
)
from convoai.operations.partitions.steps import STEPS, Conversion
from convoai.operations.partitions.swapping import drop_sql, validate_sql
from convoai.refusals import Refusal


def convert(
    *, server: Server, by: Length | None, progress: Progress = lambda what, done, total: None
) -> None:
    """Make conversations and messages partitioned by year or month, or (None) ordinary again.

    Goes on with a conversion that was stopped. Raises Refusal.
    """
    with changing(server) as found:
        blueprint, reached = _begin(found, by)
        one = Conversion(found, blueprint, progress)
        for phase, step in STEPS:
            if not reached.has(phase):
                step(one)
        finish(found, blueprint, progress)


def abandon(*, server: Server) -> None:
    """Remove what a conversion that was stopped has made; the tables in use stay as they are."""
    with changing(server) as found:
        schema = current_schema(found)

        def remove() -> None:
            with transaction(found) as cursor:
                brief(cursor)
                for statement in noting.stop_noting_sql(schema):
                    cursor.execute(statement)
                cursor.execute(f"DROP SCHEMA IF EXISTS {WORK} CASCADE")
                cursor.execute(f"DROP SCHEMA IF EXISTS {REPLACED} CASCADE")
                if not is_partitioned(cursor):
                    cursor.execute(rules.DROP_FUNCTIONS)

        insist(remove, what="removing the half-made tables")


def finish(found: Any, blueprint: Blueprint, progress: Progress) -> None:
    """After the exchange: let the new keys be checked, remove what was replaced."""
    for at, statement in enumerate(validate_sql(blueprint)):
        progress("check keys", at, 3)
        _run(found, statement, what="checking the keys")
    for statement in drop_sql():
        _run(found, statement, what="dropping the replaced tables")
    if blueprint.by is None:
        _run(found, rules.DROP_FUNCTIONS, what="dropping functions")
    for statement in (f"DROP SCHEMA {WORK} CASCADE", "ANALYZE conversations, messages"):
        _run(found, statement, what="cleaning up")


def _begin(found: Any, by: Length | None) -> tuple[Blueprint, state.State]:
    schema = current_schema(found)
    with found.cursor() as cursor:
        there = state.read_state(cursor)
        if there is None:
            if is_partitioned(cursor) == (by is not None):
                raise Refusal("already", "The tables have this layout already.")
            periods = [] if by is None else wanted_periods(_moments(cursor, by), _now(), by)
            blueprint = read_blueprint(cursor, by=by, periods=periods, schema=schema)
            with transaction(found) as building:
                _build(building, blueprint)
            there = state.read_state(cursor)
        if there is None or there.by != by:
            command = "undo" if there is None or there.by is None else f"apply --by {there.by}"
            raise Refusal(
                "other",
                "Another change of the layout was begun and is not ended: give "
                f"`manage.py partition {command}` once more.",
            )
        blueprint = (
            state.blueprint_of(cursor, there, schema)
            if not there.has("swapped")
            else (Blueprint(schema, by, [], {}))
        )
    return blueprint, there


def _build(cursor: Any, blueprint: Blueprint) -> None:
    cursor.execute(f"CREATE SCHEMA {WORK}")
    cursor.execute(f"CREATE SCHEMA {REPLACED}")
    cursor.execute(state.SETUP)
    cursor.execute(noting.SETUP)
    if blueprint.by is not None:
        cursor.execute(rules.FUNCTIONS)
    for statement in tables_sql(blueprint):
        cursor.execute(statement)
    state.write_state(cursor, blueprint)


def _run(found: Any, statement: str, *, what: str) -> None:
    def once() -> None:
        with transaction(found) as cursor:
            brief(cursor)
            cursor.execute(statement)

    insist(once, what=what)


def _moments(cursor: Any, by: Length) -> list[datetime]:
    found: list[datetime] = []
    for table in TABLES:
        cursor.execute(
            f"SELECT DISTINCT date_trunc('{by}', created_at) FROM {table} WHERE {HAS_PERIOD}"
        )
        found += [moment for (moment,) in cursor.fetchall()]
    return found


def _now() -> datetime:
    return datetime.now(UTC)
