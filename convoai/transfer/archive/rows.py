"""The rows of an archive, each checked against the columns of its table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convoai.transfer.archive.columns import from_json
from convoai.transfer.archive.contents import TABLES
from convoai.transfer.archive.opening import OpenArchive, broken_row

Row = dict[str, Any]
BY_NAME = {table.name: table for table in TABLES}


def checked_rows(archive: OpenArchive, name: str) -> Iterator[tuple[int, Row]]:
    """(line, row) of a table's file: columns complete, values of the right kind.

    Vectors are not looked into here, because rows are read more than once. Raises Refusal
    `broken_archive` with the line.
    """
    table = BY_NAME[name]
    fields = {field.attname: field for field in table.fields()}
    plain = {key: field for key, field in fields.items() if not key.endswith("embedding")}
    for line, row in archive.rows(table.path):
        if row.keys() != fields.keys():
            raise broken_row(table.path, line, "does not have the columns of its table")
        for key, field in plain.items():
            try:
                from_json(field, row[key])
            except ValueError as error:
                raise broken_row(table.path, line, f"is wrong: {key} {error}") from None
        yield line, row
