"""No migration holds up a server that works on full tables, nor breaks the code before it.

The rules are in docs/migrations.md. A new migration is held to them without being named here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, migrations, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from convoai.database.transactions import sqlstate
from tests.conversations.rows import sql
from tests.database.empty_database import empty_database
from tests.database.migration_locks import Observation, Traffic, full_tables, observe
from tests.guards.test_migrations import OUR_APPS

# Before 1.0 these ran on little data. No name comes in any more.
BEFORE_1_0 = {
    "conversations.0007_search",
    "conversations.0008_message_vectors",
    "conversations.0009_message_bits",
    "conversations.0010_fact_search",
    "partners.0003_face_index",
    "partners.0004_search",
}
# The tables, and the keys between them: nothing is there yet to be held up.
FIRST = [("accounts", "0001_users"), ("partners", "0002_owner"), ("conversations", "0002_owners")]
UNIQUE_VIOLATION = "23505"


@dataclass(frozen=True)
class Applied:
    """What came of one migration."""

    wrongs: list[str]
    held_up: list[str]
    # What the code before it could no longer do.
    broken: list[str]


@dataclass(frozen=True)
class Rollout:
    """All migrations after the first ones; the database is as they left it."""

    applied: dict[str, Applied]
    tables: list[str]
    problems: list[str]
    state: ProjectState


@pytest.fixture(scope="module")
def rollout(django_db_setup: Any, django_db_blocker: Any) -> Iterator[Rollout]:
    """Apply them on full tables, with a reader and a writer that never pause."""
    with django_db_blocker.unblock(), empty_database("in_use"):
        MigrationExecutor(connection).migrate(FIRST)
        sql(Path(__file__).with_name("first_rows.sql").read_text())
        tables = full_tables()
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        state = executor.loader.project_state(list(executor.loader.applied_migrations))
        applied = {}
        with Traffic(tables) as traffic:
            for migration, _ in plan:
                before, waited = state, len(traffic.held_up)
                seen, state = observe(migration, before, tables)
                if migration.app_label in OUR_APPS:
                    broken = old_code_problems(before)
                    held_up = traffic.held_up[waited:]
                    applied[str(migration)] = Applied(seen.wrongs, held_up, broken)
        yield Rollout(applied, tables, traffic.problems, state)


def old_code_problems(before: ProjectState) -> list[str]:
    """What the models of this state cannot read, change or add in the database as it is now."""
    problems = []
    for model in before.apps.get_models():
        if model._meta.app_label not in OUR_APPS or not model._meta.managed:
            continue
        try:
            with transaction.atomic():
                row = model._base_manager.first()
                if row is not None:
                    row.save()
            with transaction.atomic():
                if row is not None:
                    row.pk = None
                    row._state.adding = True
                    row.save(force_insert=True)
        except DatabaseError as error:
            # Columns and rules are looked at before: a twin is only refused for being one.
            if sqlstate(error) != UNIQUE_VIOLATION:
                problems.append(f"{model._meta.label}: {sqlstate(error)}")
    return problems


@pytest.mark.bad_input(116)
def test_no_migration_reads_or_writes_full_tables_under_a_lock(rollout: Rollout) -> None:
    wrong = {name: one.wrongs for name, one in rollout.applied.items() if one.wrongs}
    assert {name: wrong[name] for name in wrong.keys() - BEFORE_1_0} == {}
    assert wrong.keys() >= BEFORE_1_0, "the list of exceptions can be shorter"


@pytest.mark.bad_input(116)
def test_reader_and_writer_go_on_during_every_migration(rollout: Rollout) -> None:
    held_up = {name: one.held_up for name, one in rollout.applied.items() if one.held_up}
    assert rollout.problems == []
    assert {name: held_up[name] for name in held_up.keys() - BEFORE_1_0} == {}


@pytest.mark.bad_input(116)
def test_code_from_before_a_migration_works_after_it(rollout: Rollout) -> None:
    assert {name: one.broken for name, one in rollout.applied.items() if one.broken} == {}


def test_every_table_of_ours_is_full(rollout: Rollout) -> None:
    ours = {
        model._meta.db_table
        for model in rollout.state.apps.get_models()
        if model._meta.app_label in {"accounts", "partners", "conversations"}
    }
    assert ours >= {"users", "messages", "extracted_facts"}
    assert ours - set(rollout.tables) <= {"users_groups", "users_user_permissions"}


def tried(rollout: Rollout, *operations: Operation, atomic: bool = True) -> Observation:
    """A made-up migration after all others."""
    members = {"operations": list(operations), "atomic": atomic}
    made_up = type("Migration", (migrations.Migration,), members)("made_up", "conversations")
    seen, _ = observe(made_up, rollout.state, rollout.tables)
    seen.wrongs += old_code_problems(rollout.state)
    executor = MigrationExecutor(connection)
    executor.unapply_migration(rollout.state, made_up)
    return seen


def there_and_back(forwards: str, backwards: str = "SELECT 1") -> migrations.RunSQL:
    return migrations.RunSQL(forwards, backwards)


HARMFUL = {
    "an index without CONCURRENTLY": (
        there_and_back("CREATE INDEX made_up ON messages (sender)", "DROP INDEX made_up"),
        "with ShareLock on messages",
    ),
    "another type of a column": (
        there_and_back(
            "ALTER TABLE topics ALTER category TYPE varchar(50)",
            "ALTER TABLE topics ALTER category TYPE varchar(100)",
        ),
        "writes topics anew",
    ),
    "a default that differs by row": (
        there_and_back(
            "ALTER TABLE topics ADD made_up float DEFAULT random()",
            "ALTER TABLE topics DROP made_up",
        ),
        "writes topics anew",
    ),
    "a rule that is validated at once": (
        there_and_back(
            "ALTER TABLE messages ADD CONSTRAINT made_up CHECK (position > -2)",
            "ALTER TABLE messages DROP CONSTRAINT made_up",
        ),
        "with AccessExclusiveLock on messages",
    ),
    "all rows changed in one transaction": (
        there_and_back("UPDATE topics SET category = 'made up'"),
        "rows of topics in one transaction",
    ),
    "a column that the old code does not fill": (
        there_and_back(
            "ALTER TABLE topics ADD made_up int NOT NULL DEFAULT 1;"
            "ALTER TABLE topics ALTER made_up DROP DEFAULT",
            "ALTER TABLE topics DROP made_up",
        ),
        "conversations.Topic: 23502",
    ),
    "a column with another name": (
        migrations.RenameField("topic", "category", "made_up"),
        "conversations.Topic: 42703",
    ),
}


@pytest.mark.parametrize("what", HARMFUL)
def test_harmful_migration_is_noticed(rollout: Rollout, what: str) -> None:
    operation, words = HARMFUL[what]
    assert words in "; ".join(tried(rollout, operation).wrongs)


def test_column_with_a_fixed_default_is_fine(rollout: Rollout) -> None:
    field = models.IntegerField(db_default=1)
    assert tried(rollout, migrations.AddField("topic", "made_up", field)).wrongs == []


def test_index_and_rule_in_several_steps_are_fine(rollout: Rollout) -> None:
    steps = (
        there_and_back("CREATE INDEX CONCURRENTLY made_up ON messages (sender)"),
        there_and_back("ALTER TABLE topics ADD CONSTRAINT made_up CHECK (id > 0) NOT VALID"),
        there_and_back("ALTER TABLE topics VALIDATE CONSTRAINT made_up"),
        there_and_back("SELECT 1", "ALTER TABLE topics DROP CONSTRAINT made_up"),
        there_and_back("SELECT 1", "DROP INDEX CONCURRENTLY made_up"),
    )
    assert tried(rollout, *steps, atomic=False).wrongs == []
