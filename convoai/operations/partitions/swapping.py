"""The moment when the new tables take the place of those in use: names, keys, triggers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convoai.operations.partitions import rules
from convoai.operations.partitions.building import Blueprint, triggers_sql
from convoai.operations.partitions.names import (
    INWARD,
    NOTING,
    REGISTRY,
    REPLACED,
    SOURCE,
    TABLES,
    WORK,
)

SEQUENCES = """
SELECT setval(pg_get_serial_sequence(%s, 'id'),
              greatest(coalesce(pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')), 1), 1),
              pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')) IS NOT NULL)
"""
# Deferred to the end of the transaction as ever; looked at later, when nobody waits.
TO_TALKS = "FOREIGN KEY (user_id, conversation_id) REFERENCES {talks} (user_id, id)"
DEFERRED = "DEFERRABLE INITIALLY DEFERRED NOT VALID"


def prepare(cursor: Any, blueprint: Blueprint) -> None:
    """What can be done in the transaction before the tables in use are locked.

    Triggers of rows are made in every partition. They do no harm to rows that are inserted.
    """
    if blueprint.by is not None:
        for is_of_rows, statement in triggers_sql(blueprint):
            if is_of_rows:
                cursor.execute(statement)


def swap(cursor: Any, blueprint: Blueprint) -> None:
    """Exchange the tables; the caller's transaction holds ACCESS EXCLUSIVE on the four tables."""
    schema = blueprint.schema
    for table in TABLES:
        old, new = f"{schema}.{table}", f"{WORK}.{table}"
        cursor.execute(SEQUENCES, [new, old, old])
    for is_of_rows, statement in triggers_sql(blueprint):
        if blueprint.by is None or not is_of_rows:
            cursor.execute(statement)
    for name, table in INWARD.items():
        if name == SOURCE and blueprint.by is None:
            cursor.execute(f"DROP TRIGGER {name} ON {schema}.{table}")
        else:
            cursor.execute(f"ALTER TABLE {schema}.{table} DROP CONSTRAINT {name}")
    _silence(cursor, blueprint)
    for name in TABLES if blueprint.by else (*TABLES, REGISTRY):
        cursor.execute(f"ALTER TABLE {schema}.{name} SET SCHEMA {REPLACED}")
    for name in (*TABLES, REGISTRY) if blueprint.by else TABLES:
        cursor.execute(f"ALTER TABLE {WORK}.{name} SET SCHEMA {schema}")
    for statement in inward_sql(blueprint):
        cursor.execute(statement)


def _silence(cursor: Any, blueprint: Blueprint) -> None:
    """Until they are dropped, the replaced tables still lose the rows of users who go."""
    for table in TABLES:
        of_statements = [
            name
            for name, definition in blueprint.tables[table].triggers.items()
            if "FOR EACH STATEMENT" in definition and name not in NOTING
        ]
        for name in (*of_statements, *NOTING):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {blueprint.schema}.{table}")


def inward_sql(blueprint: Blueprint) -> Iterator[str]:
    """Foreign keys that lead to the new tables."""
    talks = "conversations" if blueprint.by is None else REGISTRY
    target = TO_TALKS.format(talks=f"{blueprint.schema}.{talks}")
    yield (
        f"ALTER TABLE {blueprint.schema}.conversation_topics ADD CONSTRAINT "
        f"fk_conversation_topics_conversation {target} ON DELETE CASCADE {DEFERRED}"
    )
    yield (
        f"ALTER TABLE {blueprint.schema}.extracted_facts ADD CONSTRAINT fk_facts_conversation "
        f"{target} {DEFERRED}"
    )
    if blueprint.by is None:
        yield (
            f"ALTER TABLE {blueprint.schema}.extracted_facts ADD CONSTRAINT {SOURCE} "
            f"FOREIGN KEY (user_id, source_message_id) REFERENCES "
            f"{blueprint.schema}.messages (user_id, id) {DEFERRED}"
        )
    else:
        yield rules.SOURCE_TRIGGER


def validate_sql(blueprint: Blueprint) -> Iterator[str]:
    """Afterwards: let PostgreSQL look whether the keys hold. Blocks nobody who reads or writes."""
    for name, table in INWARD.items():
        if name != SOURCE or blueprint.by is None:
            yield f"ALTER TABLE {blueprint.schema}.{table} VALIDATE CONSTRAINT {name}"


def drop_sql() -> Iterator[str]:
    """Remove what was replaced."""
    for name in (*reversed(TABLES), REGISTRY):
        yield f"DROP TABLE IF EXISTS {REPLACED}.{name}"
    yield f"DROP SCHEMA IF EXISTS {REPLACED}"
