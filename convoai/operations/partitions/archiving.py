"""One period out of the tables into the schema `convoai_archive`, as whole talks, and back.

A talk belongs to the period of its own created_at, and its messages, topic links and the
references of facts go with it wherever they lie. Facts themselves stay, with their quotes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convoai.operations.backup.server import Server
from convoai.operations.partitions.building import registered_columns
from convoai.operations.partitions.ensuring import (
    LIKE,
    attach_partition,
    move_rows,
    require_partitioned,
)
from convoai.operations.partitions.layouts import is_partitioned, partitions_of
from convoai.operations.partitions.names import ARCHIVE, REGISTRY, TABLES
from convoai.operations.partitions.periods import Period
from convoai.operations.partitions.session import (
    LOCK_TIMEOUT,
    Progress,
    changing,
    insist,
    transaction,
)
from convoai.refusals import Refusal

# All that is kept of a period, besides conversations and messages: messages of its talks that
# were made in other periods, topic links, and what facts referred to.
PARTS = ("conversations", "messages", "messages_elsewhere", "topics", "facts")
WRITERS_WAIT = (
    "LOCK TABLE conversations, messages, conversation_topics, extracted_facts "
    "IN SHARE ROW EXCLUSIVE MODE"
)


@dataclass(frozen=True)
class Archived:
    """What a period consists of; counts of rows."""

    talks: int
    messages: int
    facts: int

    def __str__(self) -> str:
        return (
            f"{self.talks:,} conversations with {self.messages:,} messages; "
            f"{self.facts:,} facts refer to them"
        )


def count_period(*, server: Server, period: Period) -> Archived:
    """What detaching would take. Raises Refusal when there is no such partition."""
    with server.connect() as found, found.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        require_partitioned(cursor)
        _require_partitions(cursor, period)
        return _count(cursor, f"conversations_{period.name}", "messages")


def detach(
    *, server: Server, period: Period, progress: Progress = lambda what, done, total: None
) -> Archived:
    """Move a period into the archive; goes on with what was stopped. Raises Refusal."""
    with changing(server) as found:
        with found.cursor() as cursor:
            require_partitioned(cursor)
            done = is_archived(cursor, period)
            if not done:
                _require_partitions(cursor, period)
        progress("detach", 0, 2)
        if not done:
            insist(lambda: _detach(found, period), what="detaching")
        progress("tidy up", 1, 2)
        insist(lambda: _settle(found, period), what="tidying up after the detaching")
        with found.cursor() as cursor:
            messages = (
                f"(SELECT id, user_id, conversation_id FROM {_kept('messages', period)} UNION ALL "
                f"SELECT id, user_id, conversation_id FROM {_kept('messages_elsewhere', period)})"
            )
            cursor.execute(f"SELECT count(*) FROM {messages} AS all_of_them")
            (of_messages,) = cursor.fetchone()
            cursor.execute(
                f"SELECT (SELECT count(*) FROM {_kept('conversations', period)}), "
                f"(SELECT count(*) FROM {_kept('facts', period)})"
            )
            talks, facts = cursor.fetchone()
            return Archived(talks, of_messages, facts)


def attach(
    *, server: Server, period: Period, progress: Progress = lambda what, done, total: None
) -> None:
    """Bring a detached period back, with links and references. Raises Refusal."""
    with changing(server) as found:
        with found.cursor() as cursor:
            if not is_archived(cursor, period):
                raise Refusal(
                    "none", f"{period.name} is not in the archive: {_names(archived(cursor))}."
                )
        progress("attach", 0, 1)
        insist(lambda: _attach(found, period), what="attaching")


def archived(cursor: Any) -> list[str]:
    """The names of the periods in the archive."""
    cursor.execute(
        "SELECT substr(c.relname, 15) FROM pg_class c WHERE c.relkind = 'r' "
        "AND c.relnamespace = to_regnamespace(%s) AND c.relname LIKE 'conversations\\_%%' "
        "ORDER BY 1",
        [ARCHIVE],
    )
    return [str(name) for (name,) in cursor.fetchall()]


def is_archived(cursor: Any, period: Period) -> bool:
    return period.name in archived(cursor)


def _detach(found: Any, period: Period) -> None:
    talks, messages = (f"{table}_{period.name}" for table in TABLES)
    with transaction(found) as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT:g}s'")
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {ARCHIVE}")
        # Readers go on until the end.
        cursor.execute(WRITERS_WAIT)
        elsewhere = _kept("messages_elsewhere", period)
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
            f"CREATE TABLE {_kept('topics', period)} AS "
            f"SELECT * FROM conversation_topics WHERE {of_talks}"
        )
        cursor.execute(f"DELETE FROM conversation_topics WHERE {of_talks}")
        cursor.execute(
            f"CREATE TABLE {_kept('facts', period)} AS "
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
            f"FROM {_kept('facts', period)} AS kept WHERE kept.id = fact.id"
        )
        move_rows(cursor, messages, "convoai_staying", staying, [])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, name in ((TABLES[1], messages), (TABLES[0], talks)):
            cursor.execute(f"ALTER TABLE {table} DETACH PARTITION {name}")
            cursor.execute(f"ALTER TABLE {name} ALTER COLUMN id DROP DEFAULT")
            cursor.execute(f"ALTER TABLE {name} SET SCHEMA {ARCHIVE}")
        cursor.execute(
            f"ALTER TABLE {_kept('messages', period)} DROP CONSTRAINT fk_messages_conversation"
        )
        move_rows(cursor, "convoai_staying", "messages_default", "true", [])


def _settle(found: Any, period: Period) -> None:
    """Afterwards: the registry forgets the talks; the archive holds together by itself."""
    talks = _kept("conversations", period)
    with transaction(found) as cursor:
        cursor.execute(f"DELETE FROM {REGISTRY} WHERE id IN (SELECT id FROM {talks})")
        cursor.execute(f"ALTER TABLE {talks} DROP CONSTRAINT IF EXISTS convoai_archived CASCADE")
        cursor.execute(f"ALTER TABLE {talks} ADD CONSTRAINT convoai_archived UNIQUE (user_id, id)")
        # Whoever deletes a user or a partner deletes what is archived of them too.
        for part in ("messages", "messages_elsewhere", "topics"):
            cursor.execute(
                f"ALTER TABLE {_kept(part, period)} ADD CONSTRAINT convoai_archived_talk "
                f"FOREIGN KEY (user_id, conversation_id) REFERENCES {talks} (user_id, id) "
                "ON DELETE CASCADE"
            )


def _attach(found: Any, period: Period) -> None:
    talks, messages, elsewhere, topics, facts = (_kept(part, period) for part in PARTS)
    with transaction(found) as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT:g}s'")
        cursor.execute(WRITERS_WAIT)
        registry = REGISTRY if is_partitioned(cursor) else "conversations"
        _refuse_taken_names(cursor, talks, registry)
        if registry == REGISTRY:
            columns = registered_columns()
            cursor.execute(f"INSERT INTO {REGISTRY} ({columns}) SELECT {columns} FROM {talks}")
        cursor.execute(f"ALTER TABLE {talks} DROP CONSTRAINT convoai_archived CASCADE")
        # All is as it was, so no trigger has anything to write anew.
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table, old in zip(TABLES, (talks, messages), strict=True):
            there = [one.period for one in partitions_of(cursor, table)]
            if there and period not in there:
                _attach_table(cursor, table, old, period)
            else:
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


def _require_partitions(cursor: Any, period: Period) -> None:
    for table in TABLES:
        there = [one.period for one in partitions_of(cursor, table)]
        if period not in there:
            names = _names([one.name for one in there if one])
            raise Refusal("none", f"There is no partition {period.name} of {table}: {names}.")


def _names(names: list[str]) -> str:
    return f"there are {', '.join(names)}" if names else "there are none"


def _kept(part: str, period: Period) -> str:
    return f"{ARCHIVE}.{part}_{period.name}"


def _count(cursor: Any, talks: str, messages: str) -> Archived:
    cursor.execute(
        f"SELECT (SELECT count(*) FROM {talks}), (SELECT count(*) FROM {messages} "
        f"WHERE conversation_id IN (SELECT id FROM {talks})), (SELECT count(*) FROM "
        f"extracted_facts WHERE conversation_id IN (SELECT id FROM {talks}))"
    )
    return Archived(*cursor.fetchone())
