"""The migrations of the tables go back to nothing and forward again to the same schema."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from convoai.operations.partitions.direct import unpartition_at_once
from convoai.operations.partitions.layouts import is_partitioned
from tests.conversations.rows import sql

OURS = ("conversations", "partners", "accounts", "database")
SCHEMA = (
    "SELECT table_name, column_name, data_type, is_nullable, column_default "
    "FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' "
    "ORDER BY 1, 2",
    "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger "
    "WHERE NOT tgisinternal ORDER BY 1, 2",
    "SELECT proname, prosrc FROM pg_proc AS proc WHERE pronamespace = 'public'::regnamespace "
    "AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = proc.oid AND deptype = 'e') ORDER BY 1",
)


def schema() -> list[list[tuple[Any, ...]]]:
    return [sql(query) for query in SCHEMA]


@pytest.mark.django_db
def test_migrations_go_back_to_zero_and_forward_to_the_same_schema() -> None:
    """In one transaction, so that the database of the other tests stays as it is.

    Partitions are undone before, as `manage.py partition undo` does it: docs/partitioning.md.
    """
    with connection.cursor() as cursor:
        if is_partitioned(cursor):
            unpartition_at_once(cursor)
    before = schema()
    executor = MigrationExecutor(connection)
    executor.migrate([(label, None) for label in OURS])
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    left = connection.introspection.table_names()
    assert not {"users", "api_keys", "conversations", "messages", "topics"} & set(left)
    assert not [name for name, _ in sql(SCHEMA[4]) if name.startswith(("convoai_", "accounts_"))]
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert schema() == before
