"""What changing the layout would do here: rows, room, time, and what stands in the way."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2

from convoai.operations.backup.server import Server, value_of
from convoai.operations.partitions.layouts import is_partitioned, length_of, partitions_of
from convoai.operations.partitions.names import TABLES
from convoai.operations.partitions.obstacles import obstacles
from convoai.operations.partitions.periods import (
    HAS_PERIOD,
    Length,
    Period,
    period_of,
    wanted_periods,
)
from convoai.operations.partitions.session import SETTINGS, transaction
from convoai.operations.partitions.state import State, read_state

# Messages from which on it pays, by bench/partitions.py; see docs/partitioning.md.
PAYS_FROM = 10_000_000
# Copies besides the tables themselves: write-ahead log and changes meanwhile.
ROOM = 1.2
SAMPLE = 2_000
MOST_PERIODS = 200
SAMPLE_COPY = """
CREATE TEMP TABLE convoai_sample (LIKE messages INCLUDING DEFAULTS INCLUDING GENERATED
                                  INCLUDING INDEXES) ON COMMIT DROP;
INSERT INTO convoai_sample ({columns}) SELECT {columns} FROM messages ORDER BY id DESC LIMIT %s
"""
CANNOT = (
    "What PostgreSQL cannot do in this layout, and what holds instead (docs/partitioning.md):",
    "  a rule or a foreign key across partitions without created_at in it: a table of all talks'",
    "  ids and triggers hold them, with the same names and errors;",
    "  one id given to messages by two sessions at the same moment: the doctor finds it;",
    "  writing straight into a partition: no trigger of the table sees it, so nobody should.",
)


@dataclass(frozen=True)
class Plan:
    """Nothing has been changed yet."""

    by: Length
    # What there is now: None for ordinary tables.
    now: Length | None
    # A conversion that was begun.
    begun: State | None
    # Rows of conversations and messages of each period.
    rows: dict[Period, tuple[int, int]]
    bytes: dict[str, int]
    free: int | None
    # Seconds; None when there was nothing to measure with.
    seconds: float | None
    problems: list[str]

    @property
    def needed(self) -> int:
        return int(sum(self.bytes.values()) * ROOM)

    def lines(self) -> Iterator[str]:
        """The plan for a person."""
        talks, messages = (sum(pair[at] for pair in self.rows.values()) for at in (0, 1))
        yield f"layout    {_layout(self.now)}; planned: one partition a {self.by}"
        if self.begun is not None:
            yield f"          a change to {_layout(self.begun.by)} was begun ({self.begun.phase})"
        yield f"rows      {talks:,} conversations, {messages:,} messages"
        for period, (of_talks, of_messages) in self.rows.items():
            share = (of_talks + of_messages) / max(talks + messages, 1)
            size = _size(int(sum(self.bytes.values()) * share))
            yield (
                f"          {period.name}: {of_talks:,} conversations, {of_messages:,} messages, "
                f"about {size}"
            )
        yield "          and a default partition for whatever fits nowhere"
        free = "its machine knows how much is free" if self.free is None else _size(self.free)
        yield f"disk      {_size(self.needed)} more while both copies are there; free: {free}"
        if self.seconds is not None:
            yield f"time      about {_duration(self.seconds)}, measured with a sample of the rows"
        yield "meanwhile reading and writing go on; readers wait once, for less than half a second"
        yield "back      `manage.py partition undo`, the same way, with all that was written since"
        few = messages < PAYS_FROM
        yield "pays      " + (
            f"hardly: below about {PAYS_FROM:,} messages only archiving old years gets easier"
            if few
            else "yes, when old periods are archived and most questions are about recent ones"
        )
        yield from CANNOT
        for problem in self.problems:
            yield f"IN THE WAY: {problem}"


def plan_partitions(*, server: Server, by: Length) -> Plan:
    """Look at the database; changes nothing. Raises Refusal when it cannot be reached."""
    with server.connect() as found, found.cursor() as cursor:
        cursor.execute(SETTINGS)
        now = layout(cursor)
        begun = read_state(cursor)
        rows = _rows(cursor, by)
        sizes = table_bytes(cursor)
        free = free_bytes(server)
        problems = list(obstacles(cursor))
        if len(rows) > MOST_PERIODS:
            problems.append(f"{len(rows)} partitions are too many: take --by year.")
        plan = Plan(by, now, begun, rows, sizes, free, _seconds(found, rows), problems)
        problems.extend(lack_of_room(sum(sizes.values()), free))
        return plan


def lack_of_room(taken: int, free: int | None) -> Iterator[str]:
    """One sentence when two copies do not fit on the disk; none where that is not known."""
    needed = int(taken * ROOM)
    if free is not None and free < needed:
        yield f"The disk lacks {_size(needed - free)}: make room first."


def layout(cursor: Any) -> Length | None:
    """How messages are partitioned now; None for ordinary tables."""
    if not is_partitioned(cursor):
        return None
    return length_of(partitions_of(cursor, "messages"))


def free_bytes(server: Server) -> int | None:
    """Room on the disk of the bundled server; None for another one, which does not tell."""
    folder = server.settings.get("BUNDLED_DATA_DIR")
    return shutil.disk_usage(Path(folder)).free if folder else None


def _rows(cursor: Any, by: Length) -> dict[Period, tuple[int, int]]:
    counts: list[dict[Period, int]] = []
    for table in TABLES:
        cursor.execute(
            f"SELECT date_trunc('{by}', created_at), count(*) FROM {table} WHERE {HAS_PERIOD} "
            "GROUP BY 1"
        )
        counts.append({period_of(moment, by): count for moment, count in cursor.fetchall()})
    moments = [period.start for one in counts for period in one]
    periods = wanted_periods(moments, datetime.now(UTC), by)
    return {period: (counts[0].get(period, 0), counts[1].get(period, 0)) for period in periods}


def table_bytes(cursor: Any) -> dict[str, int]:
    """What each of the tables takes with its indexes and partitions."""
    found = {}
    for table in TABLES:
        cursor.execute(
            "SELECT coalesce(sum(pg_total_relation_size(relid)), 0)::bigint "
            "FROM pg_partition_tree(to_regclass(%s)) WHERE isleaf",
            [table],
        )
        found[table] = int(cursor.fetchone()[0]) or _total_bytes(cursor, table)
    return found


def _total_bytes(cursor: Any, table: str) -> int:
    cursor.execute("SELECT pg_total_relation_size(to_regclass(%s))", [table])
    return int(cursor.fetchone()[0])


def _seconds(found: Any, rows: dict[Period, tuple[int, int]]) -> float | None:
    """Copies some rows into a table that goes again at once."""
    total = sum(talks + messages for talks, messages in rows.values())
    columns = value_of(
        found,
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attgenerated = '' "
        "AND attrelid = 'messages'::regclass AND attnum > 0 AND NOT attisdropped",
    )
    try:
        with transaction(found) as cursor:
            began = time.monotonic()
            cursor.execute(SAMPLE_COPY.format(columns=columns), [SAMPLE])
            copied, took = cursor.rowcount, time.monotonic() - began
            cursor.execute("DROP TABLE convoai_sample")
    except psycopg2.errors.InsufficientPrivilege:
        return None  # no right to temporary tables
    # Copying, indexes, comparing: twice of what a row with its indexes takes.
    return 2 * total * took / copied + 2 if copied >= SAMPLE // 2 else None


def _layout(by: Length | None) -> str:
    return "ordinary tables" if by is None else f"one partition a {by}"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
