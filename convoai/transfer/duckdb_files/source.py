"""A database file of the older backend, opened read-only: its bytes stay as they are."""

from __future__ import annotations

import re
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convoai.refusals import Refusal
from convoai.transfer.duckdb_files.tables import TABLES, Column, Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Main header: checksum, "DUCK", storage version. Then two database headers of 4 KiB, blocks after.
MAGIC_AT, MAGIC = 8, b"DUCK"
HEADERS, DATABASE_HEADERS_AT = 12_288, (4_096, 8_192)
# Written by DuckDB 0.9 to 1.4, and by 2.0.
KNOWN_VERSIONS = frozenset({*range(64, 70), 999})
MEMORY_LIMIT = "150MB"
NAIVE = re.compile(r"TIMESTAMP(_S|_MS|_NS)?$|DATE$")
# Beyond any time that is kept: infinity becomes the last moment there is.
FAR = 1 << 62


class OldFile:
    """The seven tables of an open file. Made by `open_file`."""

    def __init__(self, path: Path, connection: DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection
        # Table: column: type.
        self.types: dict[str, dict[str, str]] = {}
        for table, column, kind in self._rows(
            "SELECT c.table_name, c.column_name, c.data_type FROM duckdb_columns() AS c "
            "JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name) "
            "WHERE NOT c.internal AND c.schema_name = 'main'"
        ):
            self.types.setdefault(table, {})[column] = kind

    def require_tables(self) -> None:
        """Raise Refusal `not_the_old_backend` when a table or a needed column is missing."""
        missing = [table.name for table in TABLES if table.name not in self.types]
        if missing:
            raise Refusal(
                "not_the_old_backend",
                f"{self.path} lacks {len(missing)} of the older backend's {len(TABLES)} tables "
                f"({', '.join(missing)}): give a database file of the older backend.",
            )
        for table in TABLES:
            for column in table.columns:
                if column.is_required and column.name not in self.types[table.name]:
                    raise Refusal(
                        "not_the_old_backend",
                        f"{self.path} has no column {column.name} in {table.name}: give a "
                        "database file of the older backend.",
                    )

    def unknown_columns(self, table: Table) -> list[str]:
        """Columns that nothing is read from."""
        known = {column.name for column in table.columns}
        return [name for name in self.types[table.name] if name not in known]

    def unknown_tables(self) -> list[str]:
        return sorted(self.types.keys() - {table.name for table in TABLES})

    def missing_columns(self, table: Table) -> list[str]:
        return [one.name for one in table.columns if one.name not in self.types[table.name]]

    def is_naive(self, table: Table, column: Column) -> bool:
        """Whether the column's times have no zone."""
        return bool(NAIVE.match(self.types[table.name].get(column.name, "")))

    def count(self, table: Table) -> int:
        return int(next(self._rows(f'SELECT count(*) FROM "{table.name}"'))[0])

    def rows(self, table: Table, batch: int) -> Iterator[tuple[Any, ...]]:
        """The rows, their values in the order of `table.columns`.

        Numbers that are none are None. Times are microseconds since 1970, naive ones as if in
        UTC; times kept as text stay text. Vectors are JSON text.
        """
        wanted = [self._expression(table, column) for column in table.columns]
        yield from self._rows(f'SELECT {", ".join(wanted)} FROM "{table.name}"', batch)

    def _expression(self, table: Table, column: Column) -> str:
        kind = self.types[table.name].get(column.name)
        name = f'"{column.name}"'
        if kind is None:
            return "NULL"
        casts = {"id": "BIGINT", "whole": "BIGINT", "flag": "BOOLEAN", "number": "DOUBLE"}
        if column.kind in casts:
            return f"TRY_CAST({name} AS {casts[column.kind]})"
        if column.kind == "time" and kind.startswith(("TIMESTAMP", "DATE")):
            moment = name if kind == "TIMESTAMP WITH TIME ZONE" else f"CAST({name} AS TIMESTAMP)"
            return (
                f"CASE WHEN isfinite({moment}) THEN epoch_us({moment}) "
                f"WHEN {moment} > make_timestamp(0) THEN {FAR} "
                f"WHEN {name} IS NOT NULL THEN {-FAR} END"
            )
        if column.kind == "vector" and kind.endswith("]"):
            return f"CAST(to_json({name}) AS VARCHAR)"
        return f"CAST({name} AS VARCHAR)"

    def _rows(self, query: str, batch: int = 1_000) -> Iterator[tuple[Any, ...]]:
        import duckdb

        # A cursor of its own, so that several can be read at a time.
        cursor = self._connection.cursor()
        try:
            cursor.execute(query)
            while rows := cursor.fetchmany(batch):
                yield from rows
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise _problem(self.path, error) from error
        finally:
            cursor.close()


@contextmanager
def open_file(path: Path) -> Iterator[OldFile]:
    """The file, read-only. Raises Refusal, with one sentence, when it cannot be read as one."""
    import duckdb

    version = _read_version(path)
    with tempfile.TemporaryDirectory(prefix="convoai-duckdb-") as folder:
        options: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY_LIMIT,
            "threads": "1",
            "preserve_insertion_order": "true",
            "temp_directory": folder,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        try:
            connection = duckdb.connect(str(path), read_only=True, config=options)
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise _problem(path, error, version) from error
        try:
            # A file may hold anything, also views that read other files. Not with the options
            # above, which would then keep the folder from being set.
            connection.execute("SET enable_external_access = false")
            connection.execute("SET TimeZone = 'UTC'")
            yield OldFile(path, connection)
        finally:
            connection.close()


def _read_version(path: Path) -> int:
    """The storage version. Raises Refusal when this is no whole DuckDB file."""
    try:
        with path.open("rb") as file:
            headers = file.read(HEADERS)
        size = path.stat().st_size
    except FileNotFoundError:
        raise Refusal("no_file", f"There is no file {path}.") from None
    except IsADirectoryError:
        raise Refusal("no_file", f"{path} is a folder: give the database file in it.") from None
    except OSError as error:
        raise Refusal("unreadable", f"{path} cannot be read: {error.strerror}.") from error
    if headers[MAGIC_AT : MAGIC_AT + len(MAGIC)] != MAGIC:
        raise Refusal("not_duckdb", f"{path} is not a DuckDB file.")
    blocks = 0
    if len(headers) == HEADERS:
        # checksum, iteration, meta block, free list, number of blocks, their size
        both = [struct.unpack_from("<6Q", headers, at) for at in DATABASE_HEADERS_AT]
        *_, count, block_size = max(both, key=lambda header: header[1])
        blocks = count * block_size if block_size <= 1 << 20 else 0
    if size < HEADERS + blocks:
        raise Refusal("truncated", _cut_short(path))
    return int(struct.unpack_from("<Q", headers, MAGIC_AT + len(MAGIC))[0])


def _cut_short(path: Path) -> str:
    return f"{path} is damaged or was cut short: copy it again from where it came."


def _problem(path: Path, error: Exception, version: int | None = None) -> Refusal:
    """DuckDB's error as one sentence with its fix."""
    said = str(error)
    if "lock" in said and "Could not set" in said:
        return Refusal(
            "locked", f"{path} is in use by another program: stop the old backend, then try again."
        )
    is_unknown = version is not None and version not in KNOWN_VERSIONS
    if is_unknown or "version number" in said or "newer version" in said:
        return Refusal(
            "newer_version",
            f"{path} was written by a newer DuckDB than the one installed here: write it anew "
            "there with EXPORT DATABASE and an older storage version.",
        )
    if "Permission denied" in said:
        return Refusal("unreadable", f"{path} cannot be read: permission denied.")
    if "ncrypt" in said:
        return Refusal("encrypted", f"{path} is encrypted: write it anew without a key.")
    return Refusal("damaged", _cut_short(path))
