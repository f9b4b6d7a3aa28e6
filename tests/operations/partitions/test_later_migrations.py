"""Migrations of later versions work on partitions as on ordinary tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import DatabaseError, connection, connections, migrations, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from convoai.database.indexes import AddIndexEverywhere
from convoai.operations.backup.server import Server as Database
from convoai.operations.doctor.indexes import examine_indexes
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server
from convoai.operations.findings import Level
from convoai.operations.partitions.direct import unpartition_at_once
from convoai.operations.partitions.session import transaction
from tests.operations.partitions.rows import fill, partition

pytestmark = pytest.mark.django_db
ALIAS = "elsewhere"
MOOD = models.Index(fields=["user", "title"], name="idx_conversations_mood")
# A table whose rows hang on talks: see docs/partitioning.md, "Migrations".
REMINDERS = """
CREATE TABLE reminders (user_id bigint NOT NULL, conversation_id bigint NOT NULL);
DO $$ BEGIN EXECUTE format(
    'ALTER TABLE reminders ADD CONSTRAINT fk_reminders_conversation '
    'FOREIGN KEY (user_id, conversation_id) REFERENCES %I (user_id, id) '
    'ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED',
    CASE WHEN to_regclass('conversation_ids') IS NULL
    THEN 'conversations' ELSE 'conversation_ids' END);
END $$
"""


@pytest.fixture
def there(server: Database) -> Iterator[BaseDatabaseWrapper]:
    """A connection of Django's to a database whose partitions hold talks of several years."""
    fill(server)
    partition(server)
    with connected(server) as found:
        yield found


@contextmanager
def connected(server: Database) -> Iterator[BaseDatabaseWrapper]:
    """A connection of Django's to this database."""
    found = connection.copy(alias=ALIAS)
    found.settings_dict["NAME"] = server.name
    connections[ALIAS] = found
    try:
        yield found
    finally:
        found.close()
        del connections[ALIAS]


def migrate(there: BaseDatabaseWrapper, operation: Operation, *, back: bool = False) -> None:
    """What `manage.py migrate` does with one operation on conversations."""
    old: ProjectState = MigrationLoader(None).project_state()
    new = old.clone()
    operation.state_forwards("conversations", new)
    with there.schema_editor(atomic=operation.atomic is not False) as editor:
        if back:
            operation.database_backwards("conversations", editor, new, old)
        else:
            operation.database_forwards("conversations", editor, old, new)


def ask(there: BaseDatabaseWrapper, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with there.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


def test_columns_rules_indexes_and_triggers_are_added_and_taken_away(
    there: BaseDatabaseWrapper,
) -> None:
    mood = models.CharField(max_length=20, db_default="", default="")
    for operation, query in (
        (
            migrations.AddField("conversation", "mood", mood),
            "SELECT 1 FROM conversations WHERE mood = ''",
        ),
        (
            migrations.AddConstraint(
                "conversation",
                models.CheckConstraint(condition=~models.Q(title="?"), name="conversations_title"),
            ),
            "SELECT 1 FROM pg_constraint WHERE conname = 'conversations_title' AND convalidated",
        ),
        (
            migrations.AddIndex("conversation", MOOD),
            "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('idx_conversations_mood') "
            "AND indisvalid",
        ),
        (
            migrations.RunSQL(
                "CREATE TRIGGER keep_sequence_too AFTER INSERT ON messages "
                "FOR EACH STATEMENT EXECUTE FUNCTION convoai_keep_sequence()",
                "DROP TRIGGER keep_sequence_too ON messages",
            ),
            "SELECT 1 FROM pg_trigger WHERE tgname = 'keep_sequence_too'",
        ),
    ):
        migrate(there, operation)
        assert ask(there, query), operation
        migrate(there, operation, back=True)
        if not isinstance(operation, migrations.AddField):
            assert not ask(there, query), operation
    with pytest.raises(DatabaseError, match="mood"):
        ask(there, "SELECT mood FROM conversations")


def test_django_cannot_add_an_index_concurrently_but_convoai_can(
    there: BaseDatabaseWrapper,
) -> None:
    with pytest.raises(DatabaseError, match="concurrently"):
        migrate(there, AddIndexConcurrently("conversation", MOOD))
    migrate(there, AddIndexEverywhere("conversation", MOOD))
    parts = "SELECT count(*), bool_and(indisvalid) FROM pg_index, pg_partition_tree(%s) "
    ((count, are_valid),) = ask(there, f"{parts} WHERE indexrelid = relid", MOOD.name)
    ((partitions,),) = ask(there, "SELECT count(*) FROM pg_partition_tree('conversations')")
    assert are_valid
    assert count == partitions > 5
    migrate(there, AddIndexEverywhere("conversation", MOOD), back=True)
    assert ask(there, "SELECT to_regclass(%s)", MOOD.name) == [(None,)]


def test_an_index_that_was_broken_off_is_completed(there: BaseDatabaseWrapper) -> None:
    ask(there, "CREATE INDEX idx_conversations_mood ON ONLY conversations (user_id, title)")
    here = Installation(there.settings_dict)
    (found,) = [
        one for one in examine_indexes(Server(there.connection), here) if one.level > Level.INFO
    ]
    assert (found.id, found.evidence) == ("indexes.unfinished", {"indexes": [MOOD.name]})
    migrate(there, AddIndexEverywhere("conversation", MOOD))
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass"
    assert ask(there, valid, MOOD.name) == [(True,)]
    migrate(there, AddIndexEverywhere("conversation", MOOD), back=True)


def test_the_same_operation_works_on_ordinary_tables(server: Database) -> None:
    with connected(server) as there:
        migrate(there, AddIndexEverywhere("conversation", MOOD))
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass"
        assert ask(there, valid, MOOD.name) == [(True,)]
        migrate(there, AddIndexEverywhere("conversation", MOOD), back=True)


def test_a_new_table_can_hang_on_talks_of_either_layout(server: Database) -> None:
    fill(server)
    operation = migrations.RunSQL(REMINDERS, "DROP TABLE reminders")
    for is_partitioned in (False, True):
        if is_partitioned:
            partition(server)
        with connected(server) as there:
            migrate(there, operation)
            ask(there, "INSERT INTO reminders SELECT user_id, id FROM conversations LIMIT 1")
            ask(
                there,
                "DELETE FROM conversations WHERE id IN (SELECT conversation_id FROM reminders)",
            )
            assert ask(there, "SELECT 1 FROM reminders") == []
            with pytest.raises(DatabaseError, match="fk_reminders_conversation"):
                ask(there, "INSERT INTO reminders VALUES (1, 0)")
            migrate(there, operation, back=True)


def test_a_column_added_to_partitions_stays_when_they_are_undone(
    there: BaseDatabaseWrapper, server: Database
) -> None:
    mood = models.CharField(max_length=20, db_default="calm", default="calm")
    operation = migrations.AddField("conversation", "mood", mood)
    migrate(there, operation)
    with server.connect() as found, transaction(found) as cursor:
        unpartition_at_once(cursor)
    assert ask(there, "SELECT DISTINCT mood FROM conversations") == [("calm",)]
    migrate(there, operation, back=True)


# The exceptions that docs/partitioning.md names, with what PostgreSQL says.
REFUSED = {
    "CREATE UNIQUE INDEX ON conversations (user_id, title)": "unique constraint on partitioned",
    "DROP INDEX CONCURRENTLY idx_conversations_user_id": "partitioned index",
    "CREATE TABLE reminders (talk bigint REFERENCES conversations (id))": "no unique constraint",
    "CREATE TABLE reminders (message bigint REFERENCES messages (id))": "no unique constraint",
    "INSERT INTO messages (id) VALUES (1) ON CONFLICT (id) DO NOTHING": "no unique",
    "ALTER TABLE messages SET (fillfactor = 90)": "storage parameters",
    "CREATE TRIGGER each AFTER INSERT ON messages REFERENCING NEW TABLE AS changed "
    "FOR EACH ROW EXECUTE FUNCTION convoai_keep_sequence()": "partitioned table",
    "ALTER TABLE messages ALTER created_at TYPE timestamp": "partition key",
}


def test_postgresql_refuses_what_the_documents_say(there: BaseDatabaseWrapper) -> None:
    for statement, complaint in REFUSED.items():
        with pytest.raises(DatabaseError, match=complaint):
            ask(there, statement)
