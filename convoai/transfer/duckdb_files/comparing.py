"""The file's rows beside the stored ones: which differ, and a checksum of either side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection

from convoai.transfer.duckdb_files.digests import Checksum, canonical, digest, digested_columns
from convoai.transfer.duckdb_files.storing import COLUMNS
from convoai.transfer.duckdb_files.tables import Table

FETCHED = 500


@dataclass
class Comparison:
    """Of one table. `changed` are known rows that are not as in the file, `broken` new ones."""

    file: Checksum = field(default_factory=Checksum)
    database: Checksum = field(default_factory=Checksum)
    changed: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)


def compare(
    table: Table, on_difference: Callable[[int, list[str]], None] | None = None
) -> Comparison:
    """Read the stored rows back and compare them with what was read from the file."""
    columns = digested_columns(table)
    stored = [f't."{one.name}"' for one in columns]
    late_file = [f's."{name}"' for name in table.late]
    late_stored = [f't."{name}"' for name in table.late]
    references = [f"s.{name}" for name in table.references]
    right = [
        f"t.{name} IS NOT DISTINCT FROM s.new_{name}"
        for name in COLUMNS[table.name]
        if name in table.references
    ]
    number = "s.old_id" if table.has_number else "s.conversation_id"
    found = Comparison()
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce({number}, 0), s.fate IS NULL, s.digest, {' AND '.join(right) or 'true'}, "
            f"{', '.join([*references, *late_file, *late_stored, *stored])} "
            f"FROM {table.stage} AS s JOIN {table.name} AS t ON t.id = s.new_id "
            "WHERE s.fate IS NULL OR s.fate = 'known'"
        )
        a = 4 + len(references)
        b = a + len(late_file)
        c = b + len(late_stored)
        while rows := cursor.fetchmany(FETCHED):
            for row in rows:
                number_, is_new, expected, is_right = row[:4]
                actual = digest(
                    canonical(one, value) for one, value in zip(columns, row[c:], strict=True)
                )
                wanted = found.file.add(bytes(expected), [*row[4:a], *row[a:b]])
                given = found.database.add(actual, [*(row[4:a] if is_right else [None]), *row[b:c]])
                if wanted != given:
                    (found.broken if is_new else found.changed).append(number_)
    return found
