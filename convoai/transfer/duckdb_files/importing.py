"""An old file into the database: all of it or nothing, and as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from django.db import transaction

from convoai.accounts.models import User
from convoai.refusals import Refusal
from convoai.transfer.duckdb_files.comparing import Comparison, compare
from convoai.transfer.duckdb_files.findings import Findings, ranges
from convoai.transfer.duckdb_files.matching import Matcher
from convoai.transfer.duckdb_files.resolving import Resolver, create_map
from convoai.transfer.duckdb_files.source import OldFile, open_file
from convoai.transfer.duckdb_files.staging import Stager, create_stages
from convoai.transfer.duckdb_files.statements import rows, run
from convoai.transfer.duckdb_files.storing import prepare, store
from convoai.transfer.duckdb_files.tables import MESSAGES, TABLES, TOPICS, USERS, Table

# "convoai" and "duck" in ASCII, cut to a bigint: one import at a time in one database.
LOCK = 0x636F6E766475636B
NEWCOMERS_LOCKED_OUT = """
SELECT email FROM stage_users
WHERE fate IS NULL AND starts_with(hashed_password, '!') ORDER BY seq
"""
SESSION = """
SELECT set_config('work_mem', '64MB', true),
       -- How full the stages are is guessed badly, and all joins here are of whole tables.
       set_config('enable_nestloop', 'off', true),
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
    # E-mail addresses of new users who have to set a password.
    without_password: list[str] = field(default_factory=list)


def import_file(
    path: Path, *, owner: User | None, zone: tzinfo, batch: int, dry_run: bool = False
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
    ((is_ours,),) = rows("SELECT pg_try_advisory_xact_lock(%s)", LOCK)
    if not is_ours:
        raise Refusal("busy", "Another import is running: wait for its end, then try again.")
    run(SESSION)


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
        run(f"ANALYZE {table.stage}")
        _place(table, matcher, resolver, findings, owner_id)
        if write:
            store(table)
        results.append(_result(table, stager, findings, write=write))
    _remark(file, stager, findings)
    return ImportResult(findings, results, [email for (email,) in rows(NEWCOMERS_LOCKED_OUT)])


def _remark(file: OldFile, stager: Stager, findings: Findings) -> None:
    if file.unknown_tables():
        findings.remarks.append(f"Not read, unknown tables: {', '.join(file.unknown_tables())}.")
    for table in TABLES:
        if file.unknown_columns(table):
            names = ", ".join(file.unknown_columns(table))
            findings.remarks.append(f"Not read, unknown columns of {table.name}: {names}.")
        if file.missing_columns(table):
            names = ", ".join(file.missing_columns(table))
            findings.remarks.append(f"Not in the file, columns of {table.name}: {names}.")
        if table.has_number:
            ((count,),) = rows(
                f"SELECT count(*) FROM {table.stage} "
                "WHERE fate IS NULL AND old_id IS NOT NULL AND old_id <> new_id"
            )
            if count:
                findings.remarks.append(
                    f"{table.name}: {count:,} numbers are taken here, new ones given."
                )
    if stager.made:
        findings.remarks.append(
            f"messages: {stager.made:,} made from the transcripts of conversations "
            f"{ranges(stager.cut_talks)}."
        )


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
    number = "old_id" if table.has_number else "conversation_id"
    for fate, row in rows(
        f"SELECT fate, {number} FROM {table.stage} WHERE fate IS NOT NULL AND fate <> 'known'"
    ):
        findings.skip(table.name, fate, row)
    ((result.imported, result.known),) = rows(
        "SELECT count(*) FILTER (WHERE fate IS NULL), count(*) FILTER (WHERE fate = 'known') "
        f"FROM {table.stage}"
    )
    result.repaired = findings.repaired_rows(table.name)
    result.skipped = findings.skipped_rows(table.name) + result.known
    result.comparison = compare(table)
    if write and result.comparison.broken:
        raise Refusal(
            "not_equal",
            f"{len(result.comparison.broken)} rows of {table.name} did not arrive as they were; "
            "nothing was stored. Please report this.",
        )
    return result
