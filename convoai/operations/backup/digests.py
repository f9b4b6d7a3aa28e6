"""How many rows each table has, and a digest of their contents that any copy must have too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg2 import sql

# How values are written must not depend on the role, the database or the server.
SESSION = """
SET search_path = pg_catalog;
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET TimeZone = 'UTC';
SET bytea_output = 'hex';
SET extra_float_digits = 1;
SET row_security = off;
SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0
"""
# Ordinary and partitioned tables of ours; a partition is counted with its table.
TABLES = """
SELECT n.nspname, c.relname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid
                  AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'e')
ORDER BY 1, 2
"""
# A sum, so that the order of the rows does not matter. sha256, because some servers refuse md5.
DIGEST = """
SELECT count(*), coalesce(sum(('x' || substr(encode(sha256(convert_to(t::text, 'UTF8')), 'hex'),
                                             1, 16))::bit(64)::bigint::numeric), 0)
FROM {} AS t
"""


def table_names(found: Any) -> list[tuple[str, str]]:
    """Schema and name of each table, sorted."""
    with found.cursor() as cursor:
        cursor.execute(TABLES)
        return [(str(schema), str(name)) for schema, name in cursor]


def digest_tables(found: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each table with its `rows` and `digest`, one after the other.

    The connection must have had SESSION. Values are compared as PostgreSQL writes them, so two
    servers agree when they write the same.
    """
    for schema, name in table_names(found):
        with found.cursor() as cursor:
            cursor.execute(sql.SQL(DIGEST).format(sql.Identifier(schema, name)))
            rows, total = cursor.fetchone()
        shown = name if schema == "public" else f"{schema}.{name}"
        yield shown, {"rows": rows, "digest": f"{int(total) % (1 << 64):016x}"}
