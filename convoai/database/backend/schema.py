"""How migrations take their locks: they give up soon, and are tried again (see `migrate`)."""

from __future__ import annotations

from typing import Self

from django.db.backends.postgresql.schema import DatabaseSchemaEditor as PostgresSchemaEditor

# Milliseconds. Whoever waits for a table's strongest lock holds up everybody who comes after.
LOCK_TIMEOUT = 250


class DatabaseSchemaEditor(PostgresSchemaEditor):
    """Waits only briefly for locks in a migration that is one transaction."""

    def __enter__(self) -> Self:
        super().__enter__()
        if self.atomic_migration and not self.collect_sql:
            # Ends with the transaction. A migration without one, such as CREATE INDEX
            # CONCURRENTLY, holds nobody up while it waits.
            with self.connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT}")
        return self
