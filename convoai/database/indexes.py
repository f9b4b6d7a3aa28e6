"""A migration operation that adds an index while everybody reads and writes, on either layout."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.backends.ddl_references import Statement, Table
from django.db.backends.utils import names_digest

# Partitions of a table that have no part of an index yet.
WITHOUT_PART = """
SELECT p.inhrelid::regclass::text FROM pg_inherits AS p
WHERE p.inhparent = to_regclass(%s) AND NOT EXISTS (
    SELECT FROM pg_inherits AS i JOIN pg_index AS x ON x.indexrelid = i.inhrelid
    WHERE i.inhparent = to_regclass(%s) AND x.indrelid = p.inhrelid)
ORDER BY 1
"""


class AddIndexEverywhere(AddIndexConcurrently):
    """AddIndexConcurrently that also knows partitioned tables, where PostgreSQL refuses it.

    There an index is made without its parts, then a part for each partition without blocking
    anybody, and attached; with the last one it becomes valid. What was broken off goes on where
    it was when the migration runs again. As its base class it needs `atomic = False` on the
    migration. Going back, the index of a partitioned table is dropped with a short lock.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self._is_partitioned(model, schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        self._ensure_not_in_transaction(schema_editor)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        quote = schema_editor.quote_name
        table, name = model._meta.db_table, self.index.name
        if not self._rows(schema_editor, "SELECT 1 WHERE to_regclass(%s) IS NOT NULL", quote(name)):
            whole: Statement = self.index.create_sql(model, schema_editor)
            whole.parts["table"] = Table(table, lambda found: f"ONLY {quote(found)}")
            schema_editor.execute(whole, params=None)
        for (partition,) in self._rows(schema_editor, WITHOUT_PART, quote(table), quote(name)):
            part_name = quote(f"{partition.strip(chr(34))[:50]}_{names_digest(name, length=8)}")
            # Left by one that was broken off, it may not be valid.
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {part_name}")
            part: Statement = self.index.create_sql(model, schema_editor, concurrently=True)
            part.parts["table"] = Table(partition.strip('"'), quote)
            part.parts["name"] = part_name
            schema_editor.execute(part, params=None)
            schema_editor.execute(f"ALTER INDEX {quote(name)} ATTACH PARTITION {part_name}")

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if not self._is_partitioned(model, schema_editor):
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        elif self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.remove_index(model, self.index)

    def _is_partitioned(self, model: Any, schema_editor: Any) -> bool:
        found = self._rows(
            schema_editor,
            "SELECT 1 FROM pg_partitioned_table WHERE partrelid = to_regclass(%s)",
            schema_editor.quote_name(model._meta.db_table),
        )
        return bool(found)

    @staticmethod
    def _rows(schema_editor: Any, query: str, *values: str) -> list[tuple[Any, ...]]:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(query, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
