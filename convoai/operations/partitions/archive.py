"""What the archive holds: detached periods, each in some tables of the schema `convoai_archive`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from convoai.operations.backup.server import Server
from convoai.operations.partitions.ensuring import require_partitioned
from convoai.operations.partitions.layouts import partitions_of
from convoai.operations.partitions.names import ARCHIVE, TABLES
from convoai.operations.partitions.periods import Period
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
        if is_half_done(cursor, period):
            return count_archived(cursor, period)
        require_partitions(cursor, period)
        return _count(cursor, f"conversations_{period.name}", "messages")


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


def is_half_done(cursor: Any, period: Period) -> bool:
    """Whether detaching was stopped after the tables had left."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = 'convoai_archived' "
        "AND conrelid = to_regclass(%s))",
        [kept("conversations", period)],
    )
    (settled,) = cursor.fetchone()
    return is_archived(cursor, period) and not settled


def require_partitions(cursor: Any, period: Period) -> None:
    if period.end > datetime.now(UTC):
        raise Refusal("current", f"{period.name} is not over: only past periods can be detached.")
    if is_archived(cursor, period):
        raise Refusal(
            "archived",
            f"{period.name} is in the archive already: there is no partition {period.name} to "
            f"detach, or `manage.py partition attach {period.name}` comes first.",
        )
    for table in TABLES:
        there = [one.period for one in partitions_of(cursor, table)]
        if period not in there:
            names = named([one.name for one in there if one])
            raise Refusal("none", f"There is no partition {period.name} of {table}: {names}.")


def named(names: list[str]) -> str:
    return f"there are {', '.join(names)}" if names else "there are none"


def kept(part: str, period: Period) -> str:
    return f"{ARCHIVE}.{part}_{period.name}"


def count_archived(cursor: Any, period: Period) -> Archived:
    cursor.execute(
        f"SELECT (SELECT count(*) FROM {kept('conversations', period)}), "
        f"(SELECT count(*) FROM {kept('messages', period)}) "
        f"+ (SELECT count(*) FROM {kept('messages_elsewhere', period)}), "
        f"(SELECT count(*) FROM {kept('facts', period)})"
    )
    return Archived(*cursor.fetchone())


def _count(cursor: Any, talks: str, messages: str) -> Archived:
    cursor.execute(
        f"SELECT (SELECT count(*) FROM {talks}), (SELECT count(*) FROM {messages} "
        f"WHERE conversation_id IN (SELECT id FROM {talks})), (SELECT count(*) FROM "
        f"extracted_facts WHERE conversation_id IN (SELECT id FROM {talks}))"
    )
    return Archived(*cursor.fetchone())
