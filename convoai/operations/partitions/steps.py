"""The steps of a conversion; each can be begun again after it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from convoai.operations.partitions import noting, state
from convoai.operations.partitions.building import Blueprint, foreign_keys_sql, indexes_sql
from convoai.operations.partitions.comparing import differing
from convoai.operations.partitions.copying import copy_batch, follow
from convoai.operations.partitions.exchanging import exchange
from convoai.operations.partitions.names import TABLES, WORK
from convoai.operations.partitions.session import Progress, brief, insist, transaction
from convoai.refusals import Refusal

# Changes followed in one transaction, and how many may be left when the tables are exchanged.
FOLLOWED, LEFT = 500, 50


@dataclass(frozen=True)
class Conversion:
    """What a conversion needs at every step."""

    found: Any
    blueprint: Blueprint
    progress: Progress


def note_changes(one: Conversion) -> None:
    """From now on changes are noted, and what was there before is to be copied."""

    def note() -> None:
        with transaction(one.found) as cursor:
            brief(cursor)
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


def copy_all(one: Conversion) -> None:
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


def add_indexes(one: Conversion) -> None:
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


def add_keys(one: Conversion) -> None:
    """Foreign keys, with all changes followed, so that they hold."""

    def add() -> None:
        _catch_up(one, 0)
        with transaction(one.found) as cursor:
            brief(cursor)
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


def exchange_tables(one: Conversion) -> None:
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

    def attempt() -> float:
        _check_unchanged(one)
        _catch_up(one, LEFT)
        return exchange(one.found, one.blueprint, check=lambda: _check_unchanged(one))

    one.progress("exchange", 0, 1)
    waited = insist(attempt, what="exchanging the tables")
    one.progress(f"exchanged, in {waited:.2f} s", 1, 1)


def _check_unchanged(one: Conversion) -> None:
    with one.found.cursor() as cursor:
        begun = state.read_state(cursor)
        if begun is not None:
            now = state.blueprint_of(cursor, begun, one.blueprint.schema)
    if begun is None or begun.fingerprint != state.fingerprint_of(now):
        raise Refusal(
            "changed",
            "Columns, checks, indexes, triggers or rights changed since this conversion began (by "
            "a migration?). Remove the copies by the opposite command (undo of apply, apply of "
            "undo) and begin again.",
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


def _has_constraint(found: Any, name: str) -> bool:
    with found.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = %s "
            "AND conrelid = to_regclass(%s))",
            [name, f"{WORK}.messages"],
        )
        return bool(cursor.fetchone()[0])


# The phase that is reached by each.
STEPS: tuple[tuple[str, Callable[[Conversion], None]], ...] = (
    ("noting", note_changes),
    ("copied", copy_all),
    ("indexed", add_indexes),
    ("keyed", add_keys),
    ("swapped", exchange_tables),
)
