"""The file's rows beside the stored ones: which differ, and a checksum of either side."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection

from convoai.transfer.duckdb_files.digests import Checksum, canonical, digest, digested_columns
from convoai.transfer.duckdb_files.tables import Table

FETCHED = 500


@dataclass
class Comparison:
    """Of one table: checksums, and the old numbers of rows that are not here as in the file.

    `changed` rows were here before, and were edited since or come from elsewhere; `broken` ones
    did not arrive as they were.
    """

    file: Checksum = field(default_factory=Checksum)
    database: Checksum = field(default_factory=Checksum)
    changed: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)


def compare(table: Table) -> Comparison:
    """Read the stored rows back and compare them with what was read from the file."""
    columns = digested_columns(table)
    # What the digest leaves out: the row's references, in old numbers, and its late columns.
    file_side = [f"s.{name}" for name in (*table.references, *table.late)]
    stored_side = [f't."{name}"' for name in table.late]
    number = "s.old_id" if table.has_number else "s.conversation_id"
    found = Comparison()
    with connection.chunked_cursor() as cursor:
        selected = [
            f"coalesce({number}, 0)",
            "s.fate IS NULL",
            "s.digest",
            "t.id IS NOT NULL",
            references_agree(table),
            derived_agree(table),
            *file_side,
            *stored_side,
            *(f't."{one.name}"' for one in columns),
        ]
        cursor.execute(
            f"SELECT {', '.join(selected)} FROM {table.stage} AS s "
            f"LEFT JOIN {table.name} AS t ON t.id = s.new_id "
            "WHERE s.fate IS NULL OR s.fate = 'known'"
        )
        middle, end = 6 + len(file_side), 6 + len(file_side) + len(stored_side)
        while rows := cursor.fetchmany(FETCHED):
            for row in rows:
                old_id, is_new, expected, is_here, is_right, is_kept = row[:6]
                wanted = found.file.add(bytes(expected), row[6:middle])
                if not is_here:
                    found.broken.append(old_id)
                    continue
                values = zip(columns, row[end:], strict=True)
                actual = digest(canonical(one, value) for one, value in values)
                references = row[6 : 6 + len(table.references)] if is_right else ("elsewhere",)
                given = found.database.add(actual, [*references, *row[middle:end]])
                if wanted != given or not is_kept:
                    (found.broken if is_new else found.changed).append(old_id)
    return found


def references_agree(table: Table) -> str:
    """SQL: whether the stored row `t` points at the rows that the staged row `s` shall point at."""
    return " AND ".join(
        ["true", *(f"t.{name} IS NOT DISTINCT FROM s.new_{name}" for name in table.references)]
    )


def derived_agree(table: Table) -> str:
    """SQL: whether derived columns are as in the file, unless made anew here since."""
    return " AND ".join(["true", *(f"NOT ({derived_differs(name)})" for name in table.derived)])


def derived_differs(name: str) -> str:
    """SQL: whether the vector is not the file's, and not one of a model of today either."""
    return (
        f"t.{name} IS DISTINCT FROM s.{name} "
        f"AND coalesce(starts_with(t.{name}_model, 'imported-'), true)"
    )
