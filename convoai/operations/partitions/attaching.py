"""A period out of the archive, back among the others, with links and references."""

from __future__ import annotations

from typing import Any

from psycopg2 import errors

from convoai.operations.backup.server import Server
from convoai.operations.partitions.archive import (
    PARTS,
    WRITERS_WAIT,
    archived,
    is_archived,
    kept,
    named,
)
from convoai.operations.partitions.building import registered_columns
from convoai.operations.partitions.ensuring import add_partition, attach_partition, move_rows
from convoai.operations.partitions.layouts import is_partitioned, partitions_of
from convoai.operations.partitions.names import REGISTRY, TABLES
from convoai.operations.partitions.periods import Period
from convoai.operations.partitions.session import Progress, brief, changing, insist, transaction
from convoai.refusals import Refusal


def attach(
    *, server: Server, period: Period, progress: Progress = lambda what, done, total: None
) -> None:
    """Bring a detached period back, with links and references. Raises Refusal."""
    with changing(server) as found:
        with found.cursor() as cursor:
            if not is_archived(cursor, period):
                raise Refusal(
                    "none", f"{period.name} is not in the archive: {named(archived(cursor))}."
                )
        progress("attach", 0, 1)
        insist(lambda: _attach(found, period), what="attaching")


def _attach(found: Any, period: Period) -> None:
    talks, messages, elsewhere, topics, facts = (kept(part, period) for part in PARTS)
    with transaction(found) as cursor:
        brief(cursor)
        cursor.execute(WRITERS_WAIT)
        registry = REGISTRY if is_partitioned(cursor) else "conversations"
        if registry == REGISTRY:
            # Left behind when detaching was stopped.
            cursor.execute(
                f"DELETE FROM {REGISTRY} AS known USING {talks} AS kept WHERE known.id = kept.id "
                "AND NOT EXISTS (SELECT FROM conversations WHERE id = known.id)"
            )
        _refuse_taken_names(cursor, talks, registry)
        if registry == REGISTRY:
            columns = registered_columns()
            cursor.execute(f"INSERT INTO {REGISTRY} ({columns}) SELECT {columns} FROM {talks}")
        cursor.execute(f"ALTER TABLE {talks} DROP CONSTRAINT IF EXISTS convoai_archived CASCADE")
        # All is as it was, so no trigger has anything to write anew.
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table, old in zip(TABLES, (talks, messages), strict=True):
            there = [one.period for one in partitions_of(cursor, table)]
            is_partition = bool(there) and period not in there
            if not (is_partition and _attach_as_it_is(cursor, table, old, period)):
                if is_partition:
                    add_partition(cursor, table, period)
                move_rows(cursor, old, table, "true", [])
                cursor.execute(f"DROP TABLE {old}")
        move_rows(cursor, elsewhere, "messages", "true", [])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute(
            f"INSERT INTO conversation_topics SELECT kept.* FROM {topics} AS kept "
            "WHERE EXISTS (SELECT FROM topics WHERE topics.id = kept.topic_id)"
        )
        cursor.execute(
            "UPDATE extracted_facts AS fact SET "
            "conversation_id = coalesce(fact.conversation_id, kept.conversation_id), "
            "source_message_id = coalesce(fact.source_message_id, kept.source_message_id) "
            f"FROM {facts} AS kept WHERE kept.id = fact.id"
        )
        cursor.execute(f"DROP TABLE {elsewhere}, {topics}, {facts}")
        # Brought back by restoring a backup that was made while the period was in the archive.
        # What refers to it is released by triggers, before the end.
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in TABLES:
            cursor.execute(
                f"DELETE FROM {table} AS made USING erasures AS one "
                "WHERE one.table_name = %s AND made.id = one.row_id "
                "AND made.created_at = one.made_at "
                "AND (one.undone_at IS NULL OR one.undone_at < one.erased_at)",
                [table],
            )


def _attach_as_it_is(cursor: Any, table: str, old: str, period: Period) -> bool:
    """Whether the table could become a partition again.

    PostgreSQL refuses one that came back from a dump: it writes conditions with other parentheses
    than those that it reads.
    """
    cursor.execute("SAVEPOINT attaching")
    try:
        _attach_table(cursor, table, old, period)
    except errors.DatatypeMismatch:
        cursor.execute("ROLLBACK TO SAVEPOINT attaching")
        return False
    return True


def _attach_table(cursor: Any, table: str, old: str, period: Period) -> None:
    """The table becomes a partition again; what came into its place meanwhile moves into it."""
    name = f"{table}_{period.name}"
    cursor.execute("SELECT quote_ident(current_schema())")
    cursor.execute(f"ALTER TABLE {old} SET SCHEMA {cursor.fetchone()[0]}")
    condition = "created_at >= %s AND created_at < %s"
    move_rows(cursor, f"{table}_default", name, condition, [period.start, period.end])
    if table == "messages":
        # Made before, so that nothing is looked at while the default partition is locked.
        cursor.execute(
            f"ALTER TABLE {name} ADD CONSTRAINT fk_messages_conversation FOREIGN KEY "
            f"(user_id, conversation_id) REFERENCES {REGISTRY} (user_id, id) "
            "ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"
        )
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(
        f"ALTER TABLE {name} ALTER COLUMN id "
        f"SET DEFAULT nextval(pg_get_serial_sequence('{table}', 'id')::regclass)"
    )
    attach_partition(cursor, table, name, period)


def _refuse_taken_names(cursor: Any, talks: str, registry: str) -> None:
    cursor.execute(
        f"SELECT count(*) FROM {talks} AS kept JOIN {registry} AS other ON other.id = kept.id "
        "OR (other.user_id = kept.user_id AND (other.external_id = kept.external_id "
        "OR other.idempotency_key = kept.idempotency_key))"
    )
    (taken,) = cursor.fetchone()
    if taken:
        raise Refusal(
            "names",
            f"{taken:,} newer conversations have an external id (or id) of the archived ones: "
            "delete them or give them another external id first.",
        )
