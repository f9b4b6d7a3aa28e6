"""From the stages into the tables; triggers write the search columns."""

from __future__ import annotations

import sys
from typing import Any

from django.db import connection
from tqdm import tqdm

from convoai.transfer.duckdb_files.findings import Findings
from convoai.transfer.duckdb_files.statements import rows, run
from convoai.transfer.duckdb_files.tables import Table

PART = 20_000
# A shorter value stands in too many messages by chance.
SHORTEST_QUOTE = 3

# Column here: expression over the stage `s`; the rest is named alike.
COLUMNS: dict[str, dict[str, str]] = {
    "users": {
        "email": "s.email",
        "username": "s.username",
        "hashed_password": "s.hashed_password",
        "is_active": "s.is_active",
        "created_at": "s.created_at",
        "updated_at": "s.updated_at",
    },
    "conversation_partners": {
        "user_id": "s.new_user_id",
        **{
            name: f"s.{name}"
            for name in (
                *("name", "email", "phone", "notes", "relationship", "image_url", "image_path"),
                *("image_embedding", "image_embedding_model", "created_at", "updated_at"),
            )
        },
    },
    "conversations": {
        "user_id": "s.new_user_id",
        "partner_id": "s.new_partner_id",
        **{
            name: f"s.{name}"
            for name in (
                *("title", "summary", "full_transcript", "is_analyzed", "started_at", "ended_at"),
                *("embedding", "embedding_model", "created_at", "updated_at"),
            )
        },
        "source": "'import'",
    },
    "messages": {
        "user_id": "s.new_user_id",
        "conversation_id": "s.new_conversation_id",
        "position": "s.position",
        "sender": "s.sender",
        "speaker": "s.speaker",
        "content": "s.content",
        "timestamp": "s.timestamp",
        "created_at": "s.created_at",
    },
    "topics": {
        "name": "s.name",
        "name_key": "s.name_key",
        "category": "s.category",
        "created_at": "s.created_at",
    },
    "conversation_topics": {
        "user_id": "s.new_user_id",
        "conversation_id": "s.new_conversation_id",
        "topic_id": "s.new_topic_id",
        "relevance_score": "s.relevance_score",
        "created_at": "s.created_at",
    },
    "extracted_facts": {
        "user_id": "s.new_user_id",
        "partner_id": "s.new_partner_id",
        "conversation_id": "s.new_conversation_id",
        "source_message_id": "s.new_source_message_id",
        "category": "s.category",
        "fact_key": "s.fact_key",
        "fact_value": "s.fact_value",
        "confidence": "s.confidence",
        "many_valued": "s.many_valued",
        "is_current": "s.is_current",
        "valid_to": "s.valid_to",
        "superseded_by_id": "s.closed_by",
        "quote": "coalesce(s.quote, '')",
        "quote_start": "strpos(m.content, s.quote) - 1",
        "origin": "'import'",
        "review": "CASE WHEN s.quote IS NULL THEN 'needs_review' ELSE 'unreviewed' END",
        "extracted_at": "s.extracted_at",
        "created_at": "s.created_at",
        "updated_at": "s.updated_at",
    },
}
NEEDED = {
    # AbstractBaseUser has no defaults in the database for these.
    "users": {"is_staff": "false", "is_superuser": "false"},
}
# A talk's search column is written anew after each part that adds messages to it.
TOGETHER = {"messages": "new_conversation_id"}
JOINS = {"extracted_facts": "LEFT JOIN messages AS m ON m.id = s.new_source_message_id"}

POSITIONS = """
UPDATE stage_messages AS s SET position = placed.position
FROM (
    SELECT new.seq, coalesce(last.position + 1, 0) + row_number() OVER (
        PARTITION BY new.new_conversation_id ORDER BY new.place, new.timestamp, new.old_id, new.seq
    ) - 1 AS position
    FROM stage_messages AS new
    LEFT JOIN (
        SELECT conversation_id, max(position) AS position FROM messages
        WHERE conversation_id IN (SELECT new_id FROM stage_conversations WHERE fate = 'known')
        GROUP BY 1
    ) AS last ON last.conversation_id = new.new_conversation_id
    WHERE new.fate IS NULL
) AS placed
WHERE placed.seq = s.seq
"""

# Of several current values of a single-valued key the newest stays.
CLOSE_OLDER = """
WITH rivals AS (
    SELECT seq, lag(new_id) OVER same_key AS newer, lag(extracted_at) OVER same_key AS until
    FROM stage_extracted_facts
    WHERE is_current AND NOT many_valued AND (fate IS NULL OR fate = 'known')
    WINDOW same_key AS (PARTITION BY new_partner_id, fact_key ORDER BY extracted_at DESC, seq DESC)
)
UPDATE stage_extracted_facts AS s
SET is_current = false, closed_by = rivals.newer, valid_to = rivals.until
FROM rivals WHERE rivals.seq = s.seq AND rivals.newer IS NOT NULL
RETURNING s.old_id
"""

# What is current here stays so: an import adds and changes no row that stands.
CLOSE_FOR_STORED = """
UPDATE stage_extracted_facts AS s
SET is_current = false, closed_by = f.id, valid_to = coalesce(f.valid_from, f.extracted_at)
FROM extracted_facts AS f
WHERE s.fate IS NULL AND s.is_current AND NOT s.many_valued AND f.is_current
  AND NOT f.many_valued AND f.subject = 'partner' AND f.partner_id = s.new_partner_id
  AND f.fact_key = s.fact_key
RETURNING s.old_id
"""

QUOTES = """
UPDATE stage_extracted_facts AS s SET quote = s.fact_value
FROM stage_messages AS m
WHERE m.new_id = s.new_source_message_id AND s.fate IS NULL
  AND length(s.fact_value) >= %s AND strpos(m.content, s.fact_value) > 0
"""

# Pictures below faces/ are this installation's own, one folder for each user.
FOREIGN_PICTURES = """
UPDATE stage_conversation_partners AS s SET image_path = NULL
WHERE s.image_path LIKE 'faces/%'
  AND NOT starts_with(s.image_path, 'faces/' || s.new_user_id || '/')
RETURNING s.old_id
"""


def prepare(table: Table, findings: Findings) -> None:
    """What has to be decided about a table's rows once their references are known."""
    steps: tuple[tuple[str, str, tuple[Any, ...]], ...] = {
        "conversation_partners": (
            (FOREIGN_PICTURES, "image_path names a picture of somebody else, left empty", ()),
        ),
        "messages": ((POSITIONS, "", ()),),
        "extracted_facts": (
            (CLOSE_OLDER, "older value of a key that has one value at a time: no more current", ()),
            (CLOSE_FOR_STORED, "another value is current here: not current", ()),
            (QUOTES, "", (SHORTEST_QUOTE,)),
        ),
    }.get(table.name, ())
    with connection.cursor() as cursor:
        for query, what, values in steps:
            cursor.execute(query, values or None)
            for (row,) in cursor.fetchall() if what else ():
                findings.repair(table.name, what, row)


def store(table: Table) -> None:
    """Insert the rows that are new, some at a time, so that a bar can tell how far it is."""
    key = TOGETHER.get(table.name, "new_id")
    columns = {"id": "s.new_id", **COLUMNS[table.name], **NEEDED.get(table.name, {})}
    insert = (
        f"INSERT INTO {table.name} ({', '.join(columns)}) "
        f"SELECT {', '.join(columns.values())} FROM {table.stage} AS s "
        f"{JOINS.get(table.name, '')} "
        f"WHERE s.fate IS NULL AND s.{key} > %s AND s.{key} <= %s ORDER BY s.{key}, s.new_id"
    )
    parts = rows(
        f"SELECT max({key}), count(*) FROM (SELECT {key}, "
        f"(rank() OVER (ORDER BY {key}) - 1) / {PART} AS part FROM {table.stage} "
        "WHERE fate IS NULL) AS new GROUP BY part ORDER BY part"
    )
    if len(parts) > 1:
        run(f"CREATE INDEX ON {table.stage} ({key})")
    total = sum(count for _, count in parts)
    name = f"{table.name} stored"
    with tqdm(total=total, desc=name, unit="row", disable=None, file=sys.stderr) as bar:
        first = 0
        for last, count in parts:
            run(insert, first, last)
            bar.update(count)
            first = last
