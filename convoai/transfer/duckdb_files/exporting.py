"""Today's data as a database file of the older backend."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from tqdm import tqdm

from convoai.refusals import Refusal
from convoai.transfer.duckdb_files import passwords
from convoai.transfer.duckdb_files.schema import statements
from convoai.transfer.duckdb_files.statements import rows, run
from convoai.transfer.duckdb_files.tables import TABLES, Column, Table
from convoai.transfer.duckdb_files.vectors import size_of
from convoai.transfer.new_file import new_file

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FETCHED = 1_000
# Of tables whose rows may hold a whole transcript or a vector.
FETCHED_WIDE = 50
WIDE = ("conversations", "conversation_partners")
MEMORY_LIMIT = "250MB"
# The oldest form that can hold these tables: readable by DuckDB 0.10 and all later ones.
STORAGE_VERSION = "v0.10.2"
ARRAYS = {
    "id": "BIGINT[]",
    "text": "VARCHAR[]",
    "flag": "BOOLEAN[]",
    "number": "DOUBLE[]",
    "whole": "BIGINT[]",
    "time": "BIGINT[]",
    "vector": "VARCHAR[]",
}
# The older schema knows facts about the partner only.
CONDITIONS = {"extracted_facts": "WHERE subject = 'partner'"}


def export_file(path: Path) -> dict[str, int]:
    """Write all users' data to a new file; returns how many rows of each table.

    The file is there when it is complete, and not before. Raises Refusal when there is one of
    that name, or it cannot be written.
    """
    is_outermost = not connection.in_atomic_block
    with new_file(path) as target, transaction.atomic():
        if is_outermost:
            # One look at the database, whatever is written meanwhile.
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        run("SELECT set_config('statement_timeout', '0', true)")
        return _write(target)


def left_out() -> int:
    """How many facts are about somebody else than the partner, which the file cannot say."""
    return int(rows("SELECT count(*) FROM extracted_facts WHERE subject <> 'partner'")[0][0])


def _write(path: Path) -> dict[str, int]:
    import duckdb

    highest = {
        table.name: rows(f"SELECT coalesce(max(id), 0) FROM {table.name}")[0][0]
        for table in TABLES
        if table.has_number
    }
    file = duckdb.connect(":memory:", config={"memory_limit": MEMORY_LIMIT, "threads": "1"})
    try:
        file.execute(f"SET temp_directory = '{_quoted(path.parent)}'")
        file.execute(f"ATTACH '{_quoted(path)}' AS old (STORAGE_VERSION '{STORAGE_VERSION}')")
        file.execute("USE old")
        file.execute("SET TimeZone = 'UTC'")
        for statement in statements(highest):
            file.execute(statement)
        counts = {table.name: _copy(file, table) for table in TABLES}
        file.execute("CHECKPOINT old")
        file.execute("USE memory")
        file.execute("DETACH old")
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise Refusal(
            "unwritable", "The file cannot be written: make room on the disk, then try again."
        ) from error
    finally:
        file.close()
    return counts


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _copy(file: DuckDBPyConnection, table: Table) -> int:
    """Append the table's rows; returns how many."""
    condition = CONDITIONS.get(table.name, "")
    wanted = ", ".join(_stored(column) for column in table.columns)
    insert = _insert(table)
    count = int(rows(f"SELECT count(*) FROM {table.name} {condition}")[0][0])
    order = "id" if table.has_number else "conversation_id, topic_id"
    bar = tqdm(total=count, desc=table.name, unit="row", disable=None, file=sys.stderr)
    with bar, connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {wanted} FROM {table.name} {condition} ORDER BY {order}")
        file.execute("BEGIN")
        while found := cursor.fetchmany(FETCHED_WIDE if table.name in WIDE else FETCHED):
            columns = zip(*found, strict=True)
            file.execute(
                insert,
                [
                    [_old(column, value) for value in values]
                    for column, values in zip(table.columns, columns, strict=True)
                ],
            )
            bar.update(len(found))
        file.execute("COMMIT")
    return count


def _stored(column: Column) -> str:
    if column.kind == "time":
        return f'(extract(epoch FROM "{column.name}") * 1000000)::bigint'
    return f'"{column.name}"'


def _insert(table: Table) -> str:
    """An INSERT that takes one list for each column, which is far quicker than row by row."""
    names = [f'"{column.name}"' for column in table.columns]
    lists = [
        f"unnest(${place}::{ARRAYS[column.kind]}) AS {name}"
        for place, (column, name) in enumerate(zip(table.columns, names, strict=True), start=1)
    ]
    values = [
        f"make_timestamp({name})::TIMESTAMPTZ" if column.kind == "time" else name
        for column, name in zip(table.columns, names, strict=True)
    ]
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) "
        f"SELECT {', '.join(values)} FROM (SELECT {', '.join(lists)})"
    )


def _old(column: Column, value: Any) -> Any:
    """A stored value as the older backend writes it."""
    if value is None:
        return None
    if column.name == "hashed_password":
        return passwords.export_hash(value)
    if column.name == "embedding":
        # Faces stay padded to 4096 numbers; what stands for text has the size of its model.
        return f"[{','.join(value.strip('[]').split(',')[: size_of(value)])}]"
    return value
