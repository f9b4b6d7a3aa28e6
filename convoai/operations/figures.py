"""Figures of the database for whoever looks: sizes, how tables are read, cache and pool.

The functions with a Server raise psycopg2.Error; what they read are PostgreSQL's own estimates
and counters, since its statistics were last reset.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from convoai.database.backend.pools import pool_figures
from convoai.operations.doctor.indexes import Index, read_indexes
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server
from convoai.operations.doctor.tables import SCHEMA
from convoai.operations.findings import Finding, info, ok, warning

# A table is big from so many rows on; it is often read as a whole from so many times a day on.
BIG_ROWS, OFTEN = 100_000, 20
# The share of pages found in memory, below which a database that is in use wants more of it, and
# the pages that must have been asked for before the share says anything.
LOW_SHARE, FEWEST_PAGES = 0.95, 1_000_000
# Bytes of temporary files a day.
MUCH_TEMPORARY = 10_000_000_000
# A partitioned table counts with all its partitions, under its own name.
TABLES = f"""
SELECT coalesce(pg_partition_root(c.oid), c.oid)::regclass::text,
       sum(greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0))::bigint,
       sum(pg_stat_get_dead_tuples(c.oid))::bigint,
       sum(pg_relation_size(c.oid))::bigint,
       sum(pg_indexes_size(c.oid))::bigint,
       sum(pg_table_size(c.oid) - pg_relation_size(c.oid))::bigint,
       sum(pg_stat_get_numscans(c.oid))::bigint, sum(pg_stat_get_tuples_returned(c.oid))::bigint
FROM pg_class AS c
WHERE c.relnamespace = to_regnamespace({SCHEMA}) AND c.relkind = 'r'
GROUP BY 1
ORDER BY sum(pg_total_relation_size(c.oid)) DESC, 1 LIMIT %s
"""
DATABASE = """
SELECT blks_hit, blks_read, temp_files, temp_bytes, pg_database_size(current_database()),
       greatest(extract(epoch FROM now() - coalesce(stats_reset, pg_postmaster_start_time()))
                / 86400, 1.0 / 24)::float
FROM pg_stat_database WHERE datname = current_database()
"""


@dataclass(frozen=True)
class TableSize:
    """A table: rows as estimated, bytes of rows, indexes, and texts kept aside (TOAST, with the
    maps of free and visible pages); how often it was read from end to end."""

    table: str
    rows: int
    dead_rows: int
    heap_bytes: int
    index_bytes: int
    toast_bytes: int
    sequential_scans: int
    rows_read_sequentially: int

    @property
    def total_bytes(self) -> int:
        return self.heap_bytes + self.index_bytes + self.toast_bytes

    @property
    def whole_reads(self) -> float:
        """How many times over all its rows were read without an index."""
        return self.rows_read_sequentially / self.rows if self.rows else 0.0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "total_bytes": self.total_bytes}


@dataclass(frozen=True)
class DatabaseUse:
    """Pages found in memory and not, temporary files, bytes of the database, days counted."""

    hits: int
    reads: int
    temporary_files: int
    temporary_bytes: int
    bytes: int
    days: float

    @property
    def cache_share(self) -> float | None:
        """The share of pages that were in the server's memory; None when none was asked for."""
        asked = self.hits + self.reads
        return self.hits / asked if asked else None


def largest_tables(server: Server, *, limit: int = 20) -> list[TableSize]:
    """The tables of convoai's schema, libraries' too, the largest first."""
    return [TableSize(*row) for row in server.rows(TABLES, limit)]


def index_use(server: Server) -> list[Index]:
    """The indexes of the seven tables, the most used first."""
    return sorted(read_indexes(server), key=lambda one: (-one.scans, one.name))


def database_use(server: Server) -> DatabaseUse:
    return DatabaseUse(*server.row(DATABASE))


def examine_pool() -> Finding:
    """How full the connection pool of this process is."""
    figures = pool_figures("default")
    if figures is None:
        return ok("pool.use", "This process has not connected yet.")
    use = f"{figures.in_use} of {figures.limit} connections in use, {figures.idle} idle."
    if figures.in_use >= figures.limit:
        return warning(
            "pool.use",
            f"The pool of this process is exhausted: {use}",
            "Requests wait and are answered 503: raise DB_POOL_SIZE or DB_MAX_OVERFLOW, or see "
            "`manage.py slow_queries` for what holds connections.",
            **figures._asdict(),
        )
    return ok("pool.use", f"This process: {use}", **figures._asdict())


def examine_reading(server: Server, here: Installation) -> Iterator[Finding]:
    """Whether big tables are read as a whole, and whether memory is enough for what is asked."""
    use = database_use(server)
    often = [
        one
        for one in largest_tables(server, limit=100)
        if one.rows >= BIG_ROWS and one.whole_reads / use.days >= OFTEN
    ]
    for one in often:
        yield info(
            "tables.read_whole",
            f"{one.table} ({one.rows:,} rows) was read from end to end {one.whole_reads:,.0f} "
            f"times in {use.days:.1f} days.",
            "Backups and commands do that, too. If requests are slow, `manage.py explain` says "
            "which of them pass by the indexes.",
            **one.as_json(),
        )
    if not often:
        yield ok("tables.read_whole", "No big table is often read as a whole.")
    share = use.cache_share
    if share is not None and share < LOW_SHARE and use.hits + use.reads > FEWEST_PAGES:
        yield warning(
            "cache.share",
            f"Only {share:.1%} of the pages that were asked for were in the server's memory.",
            "More shared_buffers helps when the machine has memory to spare: `manage.py tune` says "
            "whether it has.",
            **asdict(use),
        )
    elif share is not None:
        yield ok("cache.share", f"{share:.1%} of pages were in memory.", **asdict(use))
    if use.temporary_bytes / use.days > MUCH_TEMPORARY:
        yield warning(
            "cache.temporary",
            f"{use.temporary_bytes / use.days / 1e9:,.0f} GB of temporary files a day: sorts and "
            "joins do not fit into work_mem.",
            "See `manage.py slow_queries` for the statements; `manage.py tune` says which work_mem "
            "suits this machine.",
            **asdict(use),
        )
