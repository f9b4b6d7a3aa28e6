"""The rows of an archive, each checked against the columns of its table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convoai.transfer.archive.columns import from_json
from convoai.transfer.archive.contents import TABLES
from convoai.transfer.archive.opening import OpenArchive, broken_row

Row = dict[str, Any]
BY_NAME = {table.name: table for table in TABLES}


def complete_rows(archive: OpenArchive, name: str) -> Iterator[tuple[int, Row]]:
    """(line, row) of a table's file, with all its columns.

    A column that came after the archive was made is empty, or has its default. Raises Refusal
    `broken_archive` with the line.
    """
    table = BY_NAME[name]
    fields = table.fields()
    names = {field.attname for field in fields}
    later: Row = {
        field.attname: field.db_default for field in fields if _is_plain(field.db_default)
    }
    later |= {field.attname: None for field in fields if field.null}
    for line, row in archive.rows(table.path):
        if row.keys() != names:
            row = {**later, **row}
            if row.keys() != names:
                raise broken_row(table.path, line, "does not have the columns of its table")
        yield line, row


def _is_plain(default: Any) -> bool:
    """Whether a column's default is a value, and no expression such as the time of storing."""
    return isinstance(default, bool | int | float | str | list)


def checked_rows(archive: OpenArchive, name: str) -> Iterator[tuple[int, Row]]:
    """(line, row) of a table's file: columns complete, values of the right kind.

    Vectors are not looked into here, because rows are read more than once. Raises Refusal
    `broken_archive` with the line.
    """
    table = BY_NAME[name]
    plain = [field for field in table.fields() if not field.attname.endswith("embedding")]
    for line, row in complete_rows(archive, name):
        for field in plain:
            try:
                from_json(field, row[field.attname])
            except ValueError as error:
                raise broken_row(table.path, line, f"is wrong: {field.attname} {error}") from None
        yield line, row
