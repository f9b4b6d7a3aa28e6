"""The seven tables of the older backend: their columns, and what convoai can hold of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """`kind` is id, text, flag, number, whole, time or vector. `limit` counts characters."""

    name: str
    kind: str
    limit: int = 0
    # A file without this column is not one of the older backend.
    is_required: bool = False


@dataclass(frozen=True)
class Table:
    """`references` names, for each column that points at another row, that row's table."""

    name: str
    columns: tuple[Column, ...]
    references: dict[str, str]
    # Columns of a row that its digest leaves out, because the database decides on them later.
    late: tuple[str, ...] = ()
    # Columns that are made anew here from the words, and so belong to no checksum.
    derived: tuple[str, ...] = ()

    @property
    def contents(self) -> tuple[Column, ...]:
        """The columns that are neither the row's own number nor a reference."""
        return tuple(one for one in self.columns if one.kind != "id")

    @property
    def has_number(self) -> bool:
        return self.columns[0].name == "id"

    @property
    def stage(self) -> str:
        """The temporary table that the file's rows are read into."""
        return f"stage_{self.name}"


def required(name: str, kind: str, limit: int = 0) -> Column:
    return Column(name, kind, limit, is_required=True)


TIMES = (Column("created_at", "time"), Column("updated_at", "time"))

USERS = Table(
    "users",
    (
        required("id", "id"),
        required("email", "text"),
        Column("username", "text", 150),
        Column("hashed_password", "text"),
        Column("is_active", "flag"),
        *TIMES,
    ),
    references={},
    late=("username",),
)
PARTNERS = Table(
    "conversation_partners",
    (
        required("id", "id"),
        required("user_id", "id"),
        required("name", "text", 255),
        Column("email", "text", 255),
        Column("phone", "text", 100),
        Column("notes", "text"),
        Column("relationship", "text", 255),
        Column("image_url", "text", 2000),
        Column("image_path", "text", 500),
        Column("image_embedding", "vector"),
        *TIMES,
    ),
    references={"user_id": "users"},
    late=("image_path",),
)
CONVERSATIONS = Table(
    "conversations",
    (
        required("id", "id"),
        required("user_id", "id"),
        required("partner_id", "id"),
        Column("title", "text", 500),
        Column("summary", "text"),
        Column("full_transcript", "text"),
        Column("is_analyzed", "flag"),
        Column("started_at", "time"),
        Column("ended_at", "time"),
        Column("embedding", "vector"),
        *TIMES,
    ),
    references={"user_id": "users", "partner_id": "conversation_partners"},
    derived=("embedding",),
)
MESSAGES = Table(
    "messages",
    (
        required("id", "id"),
        required("conversation_id", "id"),
        required("sender", "text"),
        required("content", "text"),
        Column("timestamp", "time"),
        Column("created_at", "time"),
    ),
    references={"conversation_id": "conversations"},
)
TOPICS = Table(
    "topics",
    (
        required("id", "id"),
        required("name", "text", 200),
        Column("category", "text", 100),
        Column("created_at", "time"),
    ),
    references={},
)
LINKS = Table(
    "conversation_topics",
    (
        required("conversation_id", "id"),
        required("topic_id", "id"),
        Column("relevance_score", "whole"),
        Column("created_at", "time"),
    ),
    references={"conversation_id": "conversations", "topic_id": "topics"},
)
FACTS = Table(
    "extracted_facts",
    (
        required("id", "id"),
        required("partner_id", "id"),
        Column("conversation_id", "id"),
        Column("category", "text", 100),
        required("fact_key", "text", 200),
        required("fact_value", "text"),
        Column("confidence", "number"),
        Column("source_message_id", "id"),
        Column("is_current", "flag"),
        Column("extracted_at", "time"),
        *TIMES,
    ),
    references={
        "partner_id": "conversation_partners",
        "conversation_id": "conversations",
        "source_message_id": "messages",
    },
    late=("is_current",),
)

# Parents before their children.
TABLES = (USERS, PARTNERS, CONVERSATIONS, MESSAGES, TOPICS, LINKS, FACTS)
