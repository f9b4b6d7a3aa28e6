"""Changing the layout while the database is in use; stopped at any point, it goes on from there.

New tables are filled beside those in use, while triggers note what changes meanwhile; that is
followed until little is left, compared, and the tables are exchanged in one short transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from convoai.operations.backup.server import Server
from convoai.operations.partitions import noting, rules, state
from convoai.operations.partitions.building import (
    Blueprint,
    foreign_keys_sql,
    indexes_sql,
    read_blueprint,
    tables_sql,
)
from convoai.operations.partitions.comparing import differing
from convoai.operations.partitions.copying import copy_batch, follow
from convoai.operations.partitions.exchanging import exchange
from convoai.operations.partitions.layouts import is_partitioned
from convoai.operations.partitions.names import REPLACED, TABLES, WORK
from convoai.operations.partitions.periods import Length, wanted_periods
from convoai.operations.partitions.session import (
    LOCK_TIMEOUT,
    Progress,
    changing,
    current_schema,
    insist,
    transaction,
)
from convoai.operations.partitions.swapping import drop_sql, validate_sql
from convoai.refusals import Refusal

# Changes followed in one transaction, and how many may be left when the tables are exchanged.
FOLLOWED, LEFT = 500, 200


@dataclass(frozen=True)
class Conversion:
    """What a conversion needs at every step."""

    found: Any
    blueprint: Blueprint
    progress: Progress


def convert(
    *, server: Server, by: Length | None, progress: Progress = lambda what, done, total: None
) -> None:
    """Make conversations and messages partitioned by year or month, or (None) ordinary again.

    Goes on with a conversion that was stopped. Raises Refusal.
    """
    with changing(server) as found:
        blueprint, reached = _begin(found, by)
        one = Conversion(found, blueprint, progress)
        steps: tuple[tuple[str, Callable[[Conversion], None]], ...] = (
            ("noting", _note),
            ("copied", _copy_all),
            ("indexed", _index),
            ("keyed", _add_keys),
            ("swapped", _exchange),
        )
        for phase, step in steps:
            if not reached.has(phase):
                step(one)
        finish(found, blueprint, progress)


def abandon(*, server: Server) -> None:
    """Remove what a conversion that was stopped has made; the tables in use stay as they are."""
    with changing(server) as found:
        schema = current_schema(found)

        def remove() -> None:
            with transaction(found) as cursor:
                _patience(cursor)
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


def _note(one: Conversion) -> None:
    """From now on changes are noted, and what was there before is to be copied."""

    def note() -> None:
        with transaction(one.found) as cursor:
            _patience(cursor)
            # Waits for the end of all who write, so that nothing slips between.
            cursor.execute(f"LOCK TABLE {', '.join(TABLES)} IN SHARE ROW EXCLUSIVE MODE")
            for table in TABLES:
                for statement in noting.noting_sql(one.blueprint.schema, table):
                    cursor.execute(statement)
                cursor.execute(
                    f"INSERT INTO {WORK}.progress SELECT %s, coalesce(min(id), 0) - 1, "
                    f"coalesce(max(id), 0) FROM {table}",
                    [table],
                )
            state.set_phase(cursor, "noting")

    insist(note, what="noting changes")


def _copy_all(one: Conversion) -> None:
    with one.found.cursor() as cursor:
        # What is lost in a crash is copied again.
        cursor.execute("SET synchronous_commit = off")
    for table in TABLES:
        with one.found.cursor() as cursor:
            cursor.execute(
                f"SELECT copied, upto FROM {WORK}.progress WHERE table_name = %s", [table]
            )
            after, upto = cursor.fetchone()
        first = after
        while after is not None:
            with transaction(one.found) as cursor:
                last = copy_batch(cursor, one.blueprint, table, after, upto)
                cursor.execute(
                    f"UPDATE {WORK}.progress SET copied = %s WHERE table_name = %s",
                    [upto if last is None else last, table],
                )
            one.progress(f"copy {table}", (last or upto) - first, upto - first)
            after = last
    _enter(one, "copied")


def _index(one: Conversion) -> None:
    wanted = list(indexes_sql(one.blueprint))
    for at, (name, statement) in enumerate(wanted):
        one.progress(f"index {name}", at, len(wanted))
        with one.found.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{WORK}.{name}"])
            if not cursor.fetchone()[0]:
                cursor.execute(statement)
    with one.found.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ANALYZE {WORK}.{table}")
    _enter(one, "indexed")


def _add_keys(one: Conversion) -> None:
    """Foreign keys, with all changes followed, so that they hold."""

    def add() -> None:
        _catch_up(one, 0)
        with transaction(one.found) as cursor:
            _patience(cursor)
            # Nobody removes a user or a partner meanwhile; readers are not concerned.
            cursor.execute("LOCK TABLE users, conversation_partners IN SHARE ROW EXCLUSIVE MODE")
            while any(follow(cursor, one.blueprint, FOLLOWED)):
                pass
            for name, statement in foreign_keys_sql(one.blueprint):
                if name != "fk_messages_conversation":
                    cursor.execute(statement)
            state.set_phase(cursor, "keyed")

    for name, statement in foreign_keys_sql(one.blueprint):
        if name == "fk_messages_conversation" and not _has_constraint(one.found, name):

            def add_inner(statement: str = statement) -> None:
                _catch_up(one, 0)
                with one.found.cursor() as cursor:
                    cursor.execute(statement)

            one.progress(f"key {name}", 0, 1)
            insist(add_inner, what=f"adding the key {name}")
    insist(add, what="adding the keys")


def _exchange(one: Conversion) -> None:
    _check_unchanged(one)
    _catch_up(one, LEFT)
    with one.found.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        wrong = list(differing(cursor, one.blueprint, one.progress))
        cursor.execute("COMMIT")
    if wrong:
        raise Refusal(
            "differs",
            f"The copies differ from the tables in use ({wrong[0]}); nothing was exchanged. Remove "
            "the copies by the opposite command (undo of apply, apply of undo) and begin again.",
        )
    with one.found.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")

    def attempt() -> None:
        _catch_up(one, LEFT)
        exchange(one.found, one.blueprint)

    one.progress("exchange", 0, 1)
    insist(attempt, what="exchanging the tables")


def _check_unchanged(one: Conversion) -> None:
    with one.found.cursor() as cursor:
        there = state.read_state(cursor)
    if there is None or there.fingerprint != state.fingerprint_of(one.blueprint):
        raise Refusal(
            "changed",
            "Columns, indexes or rights changed since this conversion began (a migration?). Remove "
            "the copies by the opposite command (undo of apply, apply of undo) and begin again.",
        )


def _catch_up(one: Conversion, left: int) -> None:
    """Follow the changes until at most so many are left."""
    with one.found.cursor() as cursor:
        first = waiting = noting.pending(cursor)
    while waiting > left:

        def some() -> None:
            with transaction(one.found) as cursor:
                follow(cursor, one.blueprint, FOLLOWED)

        insist(some, what="following what changes")
        with one.found.cursor() as cursor:
            waiting = noting.pending(cursor)
        one.progress("follow changes", max(first - waiting, 0), first)


def _enter(one: Conversion, phase: str) -> None:
    with one.found.cursor() as cursor:
        state.set_phase(cursor, phase)


def _run(found: Any, statement: str, *, what: str) -> None:
    def once() -> None:
        with transaction(found) as cursor:
            _patience(cursor)
            cursor.execute(statement)

    insist(once, what=what)


def _patience(cursor: Any) -> None:
    cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT:g}s'")


def _has_constraint(found: Any, name: str) -> bool:
    with found.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = %s "
            "AND conrelid = to_regclass(%s))",
            [name, f"{WORK}.messages"],
        )
        return bool(cursor.fetchone()[0])


def _moments(cursor: Any, by: Length) -> list[datetime]:
    found: list[datetime] = []
    for table in TABLES:
        cursor.execute(f"SELECT DISTINCT date_trunc('{by}', created_at) FROM {table}")
        found += [moment for (moment,) in cursor.fetchall()]
    return found


def _now() -> datetime:
    return datetime.now(UTC)
