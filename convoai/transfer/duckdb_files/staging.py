"""The file's rows, cleaned, in temporary tables that go with the transaction."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Any

from django.db import connection
from tqdm import tqdm

from conversations.transcripts import split_transcript
from convoai.transfer.copying import copy_rows
from convoai.transfer.duckdb_files.cleaning import Cleaner, Row, kept_time, microseconds, moment
from convoai.transfer.duckdb_files.digests import canonical, digest, digested_columns
from convoai.transfer.duckdb_files.findings import Findings
from convoai.transfer.duckdb_files.source import OldFile
from convoai.transfer.duckdb_files.tables import CONVERSATIONS, MESSAGES, TABLES, Table
from convoai.transfer.duckdb_files.vectors import model_name, vector_text

TYPES = {
    "text": "text",
    "flag": "boolean",
    "number": "double precision",
    "whole": "bigint",
    "time": "timestamptz",
    "vector": "vector(4096)",
}
# Columns of ours that the older backend does not have.
EXTRA = {
    "users": {"email_key": "text"},
    "conversation_partners": {"image_embedding_model": "text"},
    "conversations": {"embedding_model": "text"},
    "messages": {"speaker": "text", "place": "integer", "position": "integer"},
    "topics": {"name_key": "text"},
    "extracted_facts": {
        "many_valued": "boolean",
        "closed_by": "bigint",
        "valid_to": "timestamptz",
        "quote": "text",
    },
}
WORDLESS = """
SELECT talk.old_id, talk.full_transcript, coalesce(partner.name, ''), talk.started_at,
       talk.created_at
FROM stage_conversations AS talk
LEFT JOIN stage_conversation_partners AS partner ON partner.old_id = talk.partner_id
WHERE talk.full_transcript ~ '[^[:space:]]'
  AND NOT EXISTS (SELECT FROM stage_messages AS said WHERE said.conversation_id = talk.old_id)
ORDER BY talk.seq
"""
# Of tables whose rows may hold a whole transcript, fewer are held at a time.
WIDE, NARROWER = ("conversations", "conversation_partners"), 20


def create_stages() -> None:
    """Make the temporary tables.

    `old_id` is the number in the file, `new_id` the one here. `fate` is null for a row to store,
    'known' for one that is here already, else why the row is left out.
    """
    with connection.cursor() as cursor:
        for table in TABLES:
            columns = ["seq bigint", "old_id bigint", "digest bytea", "new_id bigint", "fate text"]
            columns += [f'"{one.name}" {TYPES[one.kind]}' for one in table.contents]
            for name in table.references:
                columns += [f"{name} bigint", f"new_{name} bigint"]
            if table.name != "users" and "user_id" not in table.references:
                columns.append("new_user_id bigint")
            columns += [f"{name} {kind}" for name, kind in EXTRA.get(table.name, {}).items()]
            cursor.execute(
                f"DROP TABLE IF EXISTS {table.stage}; "
                f"CREATE TEMPORARY TABLE {table.stage} ({', '.join(columns)}) ON COMMIT DROP"
            )


class Stager:
    """Reads a file's tables into the temporary ones.

    `read` counts a table's rows, `made` the messages cut from transcripts, of `cut_talks`.
    """

    def __init__(self, file: OldFile, findings: Findings, zone: tzinfo, batch: int) -> None:
        self._file = file
        self._findings = findings
        self._zone = zone
        self._batch = batch
        self.read: dict[str, int] = {}
        self.made = 0
        self.cut_talks = array("q")

    def fill(self, table: Table) -> None:
        """Read one table. Raises Refusal when the file turns out to be damaged."""
        count = self._file.count(table)
        self.read[table.name] = count
        columns = stage_columns(table)
        rows = self._file.rows(table, self._size(table))
        # Without a terminal there is no bar.
        bar = tqdm(rows, table.name, count, unit="row", disable=None, file=sys.stderr)
        with bar:
            copy_rows(table.stage, columns, self._staged(table, columns, self._cleaned(table, bar)))

    def fill_made_messages(self) -> None:
        """Cut the transcripts of talks without messages into messages; counted in `made`."""
        columns = stage_columns(MESSAGES)
        with connection.chunked_cursor() as cursor:
            cursor.execute(WORDLESS)
            # COPY needs the connection for itself, so some are fetched, cut and copied by turns.
            while talks := cursor.fetchmany(self._size(CONVERSATIONS)):
                copy_rows(
                    MESSAGES.stage, columns, self._staged(MESSAGES, columns, self._cut(talks))
                )

    def _cut(self, talks: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
        for talk, transcript, partner_name, started_at, created_at in talks:
            self.cut_talks.append(talk or 0)
            said_at = started_at
            for place, turn in enumerate(split_transcript(transcript, partner_name)):
                self.made += 1
                said_at = kept_time(turn.timestamp) or said_at
                yield {
                    "seq": self.read[MESSAGES.name] + self.made,
                    "conversation_id": talk,
                    "sender": turn.sender,
                    "speaker": turn.speaker,
                    "content": turn.content,
                    "timestamp": microseconds(said_at),
                    "created_at": microseconds(created_at),
                    "place": place,
                }

    def _size(self, table: Table) -> int:
        return max(1, self._batch // NARROWER) if table.name in WIDE else self._batch

    def _cleaned(self, table: Table, rows: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
        naive = frozenset(one.name for one in table.columns if self._file.is_naive(table, one))
        cleaner = Cleaner(table, self._findings, self._zone, naive)
        for values in rows:
            row = cleaner.clean(values)
            if row is not None:
                yield row

    def _staged(self, table: Table, columns: list[str], rows: Iterable[Row]) -> Iterator[list[Any]]:
        times = [one.name for one in table.contents if one.kind == "time"]
        vectors = [one.name for one in table.contents if one.kind == "vector"]
        digested = digested_columns(table)
        for number, row in enumerate(rows, start=1):
            row["seq"] = row.get("seq", number)
            row["old_id"] = row.get("id")
            # As PostgreSQL writes bytes.
            row["digest"] = r"\x" + digest(canonical(one, row[one.name]) for one in digested).hex()
            for name in times:
                if row[name] is not None:
                    row[name] = moment(row[name])
            for name in vectors:
                if row[name] is not None:
                    row[f"{name}_model"] = model_name(row[name])
                    row[name] = vector_text(row[name])
            yield [row.get(name) for name in columns]


def stage_columns(table: Table) -> list[str]:
    """The columns of a stage that are filled from the file; the others are for what follows."""
    given = ["seq", "old_id", "digest", *(one.name for one in table.contents), *table.references]
    later = {"email_key", "position", "closed_by", "valid_to", "quote"}
    return given + [name for name in EXTRA.get(table.name, {}) if name not in later]
