"""Changing the layout in one transaction, for a database that is empty, small or not in use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from convoai.operations.partitions import rules
from convoai.operations.partitions.building import (
    Blueprint,
    copied_columns,
    foreign_keys_sql,
    indexes_sql,
    read_blueprint,
    registered_columns,
    tables_sql,
)
from convoai.operations.partitions.names import REGISTRY, REPLACED, TABLES, WORK
from convoai.operations.partitions.periods import HAS_PERIOD, Length, wanted_periods
from convoai.operations.partitions.swapping import drop_sql, prepare, swap, validate_sql


def partition_at_once(cursor: Any, *, by: Length = "year") -> None:
    """Make conversations and messages partitioned. The caller opens and ends the transaction."""
    cursor.execute("SET LOCAL TIME ZONE 'UTC'")
    moments: list[datetime] = []
    for table in TABLES:
        cursor.execute(
            f"SELECT DISTINCT date_trunc('{by}', created_at) FROM {table} WHERE {HAS_PERIOD}"
        )
        moments += [moment for (moment,) in cursor.fetchall()]
    periods = wanted_periods(moments, datetime.now(UTC), by)
    _change(cursor, read_blueprint(cursor, by=by, periods=periods, schema=current_schema(cursor)))


def unpartition_at_once(cursor: Any) -> None:
    """Make ordinary tables again. The caller opens and ends the transaction."""
    cursor.execute("SET LOCAL TIME ZONE 'UTC'")
    _change(cursor, read_blueprint(cursor, by=None, periods=[], schema=current_schema(cursor)))
    cursor.execute(rules.DROP_FUNCTIONS)


def current_schema(cursor: Any) -> str:
    cursor.execute("SELECT quote_ident(current_schema())")
    return str(cursor.fetchone()[0])


def _change(cursor: Any, blueprint: Blueprint) -> None:
    # Checks that wait for the end of the transaction would stand in the way of ALTER TABLE.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(
        "LOCK TABLE conversations, messages, conversation_topics, extracted_facts "
        "IN ACCESS EXCLUSIVE MODE"
    )
    cursor.execute(f"CREATE SCHEMA {WORK}")
    cursor.execute(f"CREATE SCHEMA {REPLACED}")
    if blueprint.by is not None:
        cursor.execute(rules.FUNCTIONS)
    for statement in tables_sql(blueprint):
        cursor.execute(statement)
    for table in TABLES:
        columns = copied_columns(blueprint, table)
        cursor.execute(
            f"INSERT INTO {WORK}.{table} ({columns}) SELECT {columns} "
            f"FROM {blueprint.schema}.{table}"
        )
    if blueprint.by is not None:
        columns = registered_columns()
        cursor.execute(
            f"INSERT INTO {WORK}.{REGISTRY} ({columns}) SELECT {columns} "
            f"FROM {blueprint.schema}.conversations"
        )
    for _, statement in (*indexes_sql(blueprint), *foreign_keys_sql(blueprint)):
        cursor.execute(statement)
    prepare(cursor, blueprint)
    swap(cursor, blueprint)
    for statement in (*validate_sql(blueprint), *drop_sql()):
        cursor.execute(statement)
    cursor.execute(f"DROP SCHEMA {WORK}")
    # Sessions in this transaction see the checks at its end again.
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
