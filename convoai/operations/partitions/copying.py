"""Rows from the tables in use into the new ones: all in batches, and again those that changed."""

from __future__ import annotations

from typing import Any

from convoai.operations.partitions.building import Blueprint, copied_columns, registered_columns
from convoai.operations.partitions.names import REGISTRY, WORK
from convoai.operations.partitions.noting import take

# Rows of one transaction. Talks are the larger ones, with transcripts and vectors.
BATCH = {"conversations": 1_000, "messages": 5_000}


def copy_batch(cursor: Any, blueprint: Blueprint, table: str, after: int, upto: int) -> int | None:
    """Copy the next rows with ids above `after`; return the last id, None at the end."""
    old = f"{blueprint.schema}.{table}"
    cursor.execute(
        f"SELECT max(id) FROM (SELECT id FROM {old} WHERE id > %s AND id <= %s "
        "ORDER BY id LIMIT %s) AS batch",
        [after, upto, BATCH[table]],
    )
    last: int | None = cursor.fetchone()[0]
    if last is not None:
        _copy(cursor, blueprint, table, "id > %s AND id <= %s", [after, last])
        if table == "conversations" and blueprint.by is not None:
            columns = registered_columns()
            cursor.execute(
                f"INSERT INTO {WORK}.{REGISTRY} ({columns}) SELECT {columns} FROM {old} "
                "WHERE id > %s AND id <= %s",
                [after, last],
            )
    return last


def follow(cursor: Any, blueprint: Blueprint, limit: int) -> tuple[list[int], list[int]]:
    """Make the rows of the oldest changes in the new tables as they are now in those in use.

    Returns the ids of talks and messages. May run into what changes meanwhile (23503, 23505):
    roll back and call again.
    """
    talks, messages = take(cursor, limit)
    if talks:
        messages = sorted({*messages, *_messages_gone_along(cursor, blueprint, talks)})
        _follow_talks(cursor, blueprint, talks)
    if messages:
        cursor.execute(f"DELETE FROM {WORK}.messages WHERE id = ANY (%s)", [messages])
        _copy(cursor, blueprint, "messages", "id = ANY (%s)", [messages])
    return talks, messages


def _messages_gone_along(cursor: Any, blueprint: Blueprint, talks: list[int]) -> list[int]:
    """Messages in use of those talks that are not in the new table.

    A partner that is deleted after its talks got another one takes their copies along, which
    still have the first one; and these take their messages along, which no change tells of.
    """
    if blueprint.by is not None:
        return []  # messages hang on the registry there, which knows no partners
    cursor.execute(
        # Locked, so that they are still there when they are followed.
        f"SELECT id FROM {WORK}.conversations WHERE id = ANY (%s) FOR UPDATE",
        [talks],
    )
    missing = sorted({*talks} - {one for (one,) in cursor.fetchall()})
    cursor.execute(
        f"SELECT id FROM {blueprint.schema}.messages WHERE conversation_id = ANY (%s)", [missing]
    )
    return [one for (one,) in cursor.fetchall()]


def _follow_talks(cursor: Any, blueprint: Blueprint, talks: list[int]) -> None:
    old, columns = f"{blueprint.schema}.conversations", registered_columns()
    names = f"{WORK}.{REGISTRY if blueprint.by else 'conversations'}"
    cursor.execute(
        f"DELETE FROM {names} AS known WHERE id = ANY (%s) "
        f"AND NOT EXISTS (SELECT FROM {old} AS talk WHERE talk.id = known.id)",
        [talks],
    )
    # Names may have gone from one talk to another.
    cursor.execute(
        f"UPDATE {names} SET external_id = NULL, idempotency_key = NULL "
        "WHERE (external_id IS NOT NULL OR idempotency_key IS NOT NULL) "
        # Who had the name before is further down the log, and gets its own from there. By an
        # array and one name at a time, so that each is looked up by its index.
        f"AND id = ANY (%s || ARRAY(SELECT other.id FROM {old} AS talk JOIN {names} AS other "
        "USING (user_id, external_id) WHERE talk.id = ANY (%s) UNION SELECT other.id "
        f"FROM {old} AS talk JOIN {names} AS other USING (user_id, idempotency_key) "
        "WHERE talk.id = ANY (%s)))",
        [talks, talks, talks],
    )
    if blueprint.by is not None:
        cursor.execute(f"DELETE FROM {WORK}.conversations WHERE id = ANY (%s)", [talks])
        _copy(cursor, blueprint, "conversations", "id = ANY (%s)", [talks])
    else:
        # Not deleted: the messages that hang on them would go along.
        columns = copied_columns(blueprint, "conversations")
    changes = ", ".join(f"EXCLUDED.{name.strip()}" for name in columns.split(","))
    cursor.execute(
        f"INSERT INTO {names} ({columns}) SELECT {columns} FROM {old} WHERE id = ANY (%s) "
        f"ON CONFLICT (id) DO UPDATE SET ({columns}) = ROW({changes})",
        [talks],
    )


def _copy(cursor: Any, blueprint: Blueprint, table: str, condition: str, values: list[Any]) -> None:
    columns = copied_columns(blueprint, table)
    cursor.execute(
        f"INSERT INTO {WORK}.{table} ({columns}) SELECT {columns} "
        f"FROM {blueprint.schema}.{table} WHERE {condition}",
        values,
    )
