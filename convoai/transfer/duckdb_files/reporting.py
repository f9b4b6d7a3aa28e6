"""What a transfer did, in lines for a person."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping

from convoai.transfer.duckdb_files.findings import ranges
from convoai.transfer.duckdb_files.importing import ImportResult
from convoai.transfer.duckdb_files.verifying import Differences

HEADER = ("table", "read", "imported", "repaired", "skipped", "checksum of file", "of database")


def import_lines(result: ImportResult, *, is_dry: bool) -> Iterator[str]:
    """Repairs, left-out rows, remarks, and the table."""
    findings = result.findings
    yield from _listed("Repaired", findings.repairs)
    yield from _listed("Skipped", findings.skips)
    for one in result.tables:
        if one.known:
            yield f"{one.name}: {one.known:,} are here already."
        if one.comparison.changed:
            which = ranges(one.comparison.changed)
            yield f"{one.name}: not as in the file, left as they are here: {which}"
    yield from findings.remarks
    if result.without_password:
        yield f"Without a usable password: {', '.join(result.without_password)}."
    rows: list[tuple[str, ...]] = [HEADER]
    for one in result.tables:
        comparison = one.comparison
        stored = "not stored" if is_dry and one.imported else str(comparison.database)
        rows.append(
            (
                one.name,
                f"{one.read:,}",
                f"{one.imported:,}",
                f"{one.repaired:,}",
                f"{one.skipped:,}",
                str(comparison.file),
                stored,
            )
        )
    yield ""
    yield from _aligned(rows)


def _listed(title: str, found: Mapping[tuple[str, str], array[int]]) -> Iterator[str]:
    if found:
        yield f"{title}:"
    for (table, what), numbers in found.items():
        count = len(numbers)
        which = ranges(numbers)
        counted = f"{count:,} {'row' if count == 1 else 'rows'}"
        yield f"  {table}: {what}: {counted}{f': {which}' if which else ''}"


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        first, *rest = zip(row, widths, strict=True)
        yield "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)])


def difference_lines(found: list[Differences]) -> Iterator[str]:
    """One line for each kind of difference in each table; none when there is no difference."""
    for one in found:
        if one.only_in_file:
            yield f"{one.table}: only in the file: {ranges(one.only_in_file) or 'without number'}"
        if one.only_here:
            yield f"{one.table}: only in the database: {ranges(one.only_here)}"
        for name, numbers in one.changed.items():
            yield f"{one.table}: {name} differs: {ranges(numbers) or 'without number'}"
