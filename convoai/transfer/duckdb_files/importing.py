"""An old file into the database: all of it or nothing, and as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from django.db import connection, transaction

from convoai.accounts.models import User
from convoai.refusals import Refusal
from convoai.transfer.duckdb_files.comparing import Comparison, compare
from convoai.transfer.duckdb_files.findings import Findings
from convoai.transfer.duckdb_files.matching import KNOWN, Matcher
from convoai.transfer.duckdb_files.resolving import Resolver, create_map
from convoai.transfer.duckdb_files.source import OldFile, open_file
from convoai.transfer.duckdb_files.staging import Stager, create_stages
from convoai.transfer.duckdb_files.storing import prepare, store
from convoai.transfer.duckdb_files.tables import MESSAGES, TABLES, TOPICS, USERS, Table

BATCH = 2_000
# "convoai" and "duck" in ASCII, cut to a bigint: one import at a time in one database.
LOCK = 0x636F6E766475636B
SESSION = """
SELECT set_config('work_mem', '64MB', true),
       set_config('statement_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true)
"""


@dataclass
class TableResult:
    """What became of one table's rows; `made` counts messages cut from transcripts."""

    name: str
    read: int = 0
    made: int = 0
    imported: int = 0
    repaired: int = 0
    skipped: int = 0
    known: int = 0
    comparison: Comparison = field(default_factory=Comparison)


@dataclass
class ImportResult:
    findings: Findings
    tables: list[TableResult]
    new_numbers: dict[str, int] = field(default_factory=dict)


class DryRun(Exception):
    """Takes the transaction back."""


def import_file(
    path: Path, *, owner: User | None, zone: tzinfo, batch: int = BATCH, dry_run: bool = False
) -> ImportResult:
    """Bring the rows of the file over, in one transaction; a dry run takes it back.

    With `owner`, everything becomes that user's. Raises Refusal, and nothing is stored.
    """
    with open_file(path) as file:
        file.require_tables()
        with transaction.atomic():
            _begin()
            result = run_stages(file, owner=owner, zone=zone, batch=batch, write=not dry_run)
            if dry_run:
                transaction.set_rollback(True)
            return result


def _begin() -> None:
    """Take the lock that makes a second import stop at once, and time for long statements."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        (is_ours,) = cursor.fetchone()
        if not is_ours:
            raise Refusal("busy", "Another import is running: wait for its end, then try again.")
        cursor.execute(SESSION)


def run_stages(
    file: OldFile, *, owner: User | None, zone: tzinfo, batch: int, write: bool
) -> ImportResult:
    """Stage, match and, with `write`, store every table; inside the caller's transaction."""
    findings = Findings()
    stager = Stager(file, findings, zone, batch)
    create_stages()
    for table in TABLES:
        stager.fill(table)
    matcher = Matcher(findings, write=write)
    for table in TABLES:
        if table.has_number:
            matcher.single_numbers(table)
    stager.fill_made_messages()
    owner_id = owner.pk if owner else None
    resolver = Resolver(findings, owner_id)
    results = []
    for table in TABLES:
        _analyze(table)
        _place(table, matcher, resolver, findings, owner_id)
        if write:
            store(table)
        results.append(_result(table, stager, findings, write=write))
    return ImportResult(findings, results)


def _place(
    table: Table, matcher: Matcher, resolver: Resolver, findings: Findings, owner: int | None
) -> None:
    """Find out which rows are here, and number the others."""
    resolver.resolve(table)
    if table is USERS:
        matcher.users(owner)
    elif table is TOPICS:
        matcher.topics()
    elif table.has_number:
        matcher.known(table)
    else:
        matcher.links()
    matcher.number(table)
    if table is USERS:
        matcher.merge(table, "email_key")
    elif table is TOPICS:
        matcher.merge(table, "name_key")
    if table.has_number:
        create_map(table)
    prepare(table, findings)


def _result(table: Table, stager: Stager, findings: Findings, *, write: bool) -> TableResult:
    result = TableResult(table.name, read=stager.read[table.name])
    result.made = stager.made if table is MESSAGES else 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT fate, coalesce({'old_id' if table.has_number else 'conversation_id'}, 0) "
            f"FROM {table.stage} WHERE fate IS NOT NULL AND fate <> %s",
            [KNOWN],
        )
        for fate, row in cursor.fetchall():
            findings.skip(table.name, fate, row)
        cursor.execute(
            "SELECT count(*) FILTER (WHERE fate IS NULL), count(*) FILTER (WHERE fate = %s) "
            f"FROM {table.stage}",
            [KNOWN],
        )
        result.imported, result.known = cursor.fetchone()
    result.repaired = findings.repaired_rows(table.name)
    result.skipped = findings.skipped_rows(table.name) + result.known
    if write:
        result.comparison = compare(table)
        if result.comparison.broken:
            raise Refusal(
                "not_equal",
                f"{len(result.comparison.broken)} rows of {table.name} did not arrive as they "
                "were; nothing was stored. Please report this.",
            )
    return result


def _analyze(table: Table) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {table.stage}")
