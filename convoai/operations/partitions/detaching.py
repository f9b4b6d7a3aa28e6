"""One period out of the tables into the schema `convoai_archive`, as whole talks, and back.

A talk belongs to the period of its own created_at, and its messages, topic links and the
references of facts go with it wherever they lie. Facts themselves stay, with their quotes.
"""

from __future__ import annotations

from typing import Any

from convoai.operations.backup.server import Server
from convoai.operations.partitions.archive import (
    WRITERS_WAIT,
    Archived,
    count_archived,
    is_half_done,
    kept,
    require_partitions,
)
from convoai.operations.partitions.ensuring import LIKE, move_rows, require_partitioned
from convoai.operations.partitions.layouts import partitions_of
from convoai.operations.partitions.names import ARCHIVE, REGISTRY, TABLES
from convoai.operations.partitions.periods import Period
from convoai.operations.partitions.session import Progress, brief, changing, insist, transaction


def detach(
    *, server: Server, period: Period, progress: Progress = lambda what, done, total: None
) -> Archived:
    """Move a period into the archive; goes on with what was stopped. Raises Refusal."""
    with changing(server) as found:
        with found.cursor() as cursor:
            require_partitioned(cursor)
            done = is_half_done(cursor, period)
            if not done:
                require_partitions(cursor, period)
        progress("detach", 0, 2)
        if not done:
            insist(lambda: _detach(found, period), what="detaching")
        progress("tidy up", 1, 2)
        insist(lambda: _settle(found, period), what="tidying up after the detaching")
        with found.cursor() as cursor:
            return count_archived(cursor, period)


def _detach(found: Any, period: Period) -> None:
    talks, messages = (f"{table}_{period.name}" for table in TABLES)
    with transaction(found) as cursor:
        brief(cursor)
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {ARCHIVE}")
        # Readers go on until the end.
        cursor.execute(WRITERS_WAIT)
        elsewhere = kept("messages_elsewhere", period)
        cursor.execute(f"CREATE TABLE {elsewhere} (LIKE messages {LIKE})")
        cursor.execute(f"ALTER TABLE {elsewhere} ALTER COLUMN id DROP DEFAULT")
        of_talks = f"conversation_id IN (SELECT id FROM {talks})"
        # Into the archive go the messages of its talks, and no others.
        staying = f"NOT {of_talks}"
        cursor.execute(f"CREATE TEMP TABLE convoai_staying (LIKE messages {LIKE}) ON COMMIT DROP")
        for one in partitions_of(cursor, "messages"):
            if one.name != messages:
                move_rows(cursor, one.name, elsewhere, of_talks, [])
        cursor.execute(
            f"CREATE TABLE {kept('topics', period)} AS "
            f"SELECT * FROM conversation_topics WHERE {of_talks}"
        )
        cursor.execute(f"DELETE FROM conversation_topics WHERE {of_talks}")
        cursor.execute(
            f"CREATE TABLE {kept('facts', period)} AS "
            "SELECT fact.id, CASE WHEN talk.id IS NOT NULL THEN conversation_id END "
            "AS conversation_id, message.id AS source_message_id FROM extracted_facts AS fact "
            f"LEFT JOIN {talks} AS talk ON talk.id = fact.conversation_id LEFT JOIN ("
            f"SELECT id FROM {messages} WHERE {of_talks} UNION ALL SELECT id FROM {elsewhere}"
            ") AS message ON message.id = fact.source_message_id "
            "WHERE talk.id IS NOT NULL OR message.id IS NOT NULL"
        )
        cursor.execute(
            "UPDATE extracted_facts AS fact SET conversation_id = "
            "CASE WHEN kept.conversation_id IS NULL THEN fact.conversation_id END, "
            "source_message_id = "
            "CASE WHEN kept.source_message_id IS NULL THEN fact.source_message_id END "
            f"FROM {kept('facts', period)} AS kept WHERE kept.id = fact.id"
        )
        move_rows(cursor, messages, "convoai_staying", staying, [])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, name in ((TABLES[1], messages), (TABLES[0], talks)):
            cursor.execute(f"ALTER TABLE {table} DETACH PARTITION {name}")
            cursor.execute(f"ALTER TABLE {name} ALTER COLUMN id DROP DEFAULT")
            cursor.execute(f"ALTER TABLE {name} SET SCHEMA {ARCHIVE}")
        cursor.execute(
            f"ALTER TABLE {kept('messages', period)} DROP CONSTRAINT fk_messages_conversation"
        )
        move_rows(cursor, "convoai_staying", "messages_default", "true", [])


def _settle(found: Any, period: Period) -> None:
    """Afterwards: the registry forgets the talks; the archive holds together by itself."""
    talks = kept("conversations", period)
    with transaction(found) as cursor:
        cursor.execute(f"DELETE FROM {REGISTRY} WHERE id IN (SELECT id FROM {talks})")
        cursor.execute(f"ALTER TABLE {talks} DROP CONSTRAINT IF EXISTS convoai_archived CASCADE")
        cursor.execute(f"ALTER TABLE {talks} ADD CONSTRAINT convoai_archived UNIQUE (user_id, id)")
        # Whoever deletes a user or a partner deletes what is archived of them too.
        for part in ("messages", "messages_elsewhere", "topics"):
            cursor.execute(
                f"ALTER TABLE {kept(part, period)} ADD CONSTRAINT convoai_archived_talk "
                f"FOREIGN KEY (user_id, conversation_id) REFERENCES {talks} (user_id, id) "
                "ON DELETE CASCADE"
            )
