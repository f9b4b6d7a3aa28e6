"""Columns, constraints, indexes, triggers and functions, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from psycopg2 import sql

# Kind, name, definition.
Structure = dict[str, dict[str, str]]

# The tables that belong to no extension.
TABLES = r"""
SELECT array_agg(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
QUERIES = {
    "column": """
        SELECT c.relname || '.' || a.attname,
               concat_ws(' ', format_type(a.atttypid, a.atttypmod),
                         CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                         CASE WHEN a.attidentity <> '' THEN 'IDENTITY' END,
                         CASE WHEN a.attgenerated <> '' THEN 'GENERATED' END,
                         pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.oid = ANY (%(tables)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped""",
    # Not those of NOT NULL, which only newer servers list here.
    "constraint": """
        SELECT c.relname || '.' || o.conname, pg_get_constraintdef(o.oid)
        FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
        WHERE c.oid = ANY (%(tables)s::oid[]) AND o.contype <> 'n'""",
    # Those that pg_dump takes along: what was left half-built is no part of a backup.
    "index": """
        SELECT c.relname || '.' || i.relname, pg_get_indexdef(i.oid)
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_class c ON c.oid = x.indrelid
        WHERE c.oid = ANY (%(tables)s::oid[]) AND (x.indisvalid OR c.relkind = 'p')""",
    "trigger": """
        SELECT c.relname || '.' || t.tgname, pg_get_triggerdef(t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.oid = ANY (%(tables)s::oid[]) AND NOT t.tgisinternal""",
    "function": r"""
        SELECT p.oid::regprocedure::text,
               encode(sha256(convert_to(pg_get_functiondef(p.oid), 'UTF8')), 'hex')
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prokind IN ('f', 'p')
        AND n.nspname NOT LIKE 'pg\_%%' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')""",
}
FAULTS = {
    "constraint {} is not validated": """
        SELECT c.relname || '.' || o.conname FROM pg_constraint o
        JOIN pg_class c ON c.oid = o.conrelid
        WHERE c.oid = ANY (%(tables)s::oid[]) AND NOT o.convalidated""",
    "index {} is not valid": """
        SELECT c.relname || '.' || i.relname FROM pg_index x
        JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
        WHERE c.oid = ANY (%(tables)s::oid[]) AND NOT (x.indisvalid AND x.indisready)""",
    "trigger {} is switched off": """
        SELECT c.relname || '.' || t.tgname FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.oid = ANY (%(tables)s::oid[]) AND NOT t.tgisinternal AND t.tgenabled = 'D'""",
}
# Also the columns of tables that are partitioned, but not those of single partitions.
SEQUENCES = """
SELECT n.nspname, c.relname, a.attname, s.name
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL
pg_get_serial_sequence(format('%%I.%%I', n.nspname, c.relname), a.attname) AS s(name)
WHERE c.oid = ANY (%(tables)s::oid[]) AND NOT c.relispartition
AND a.attnum > 0 AND NOT a.attisdropped AND s.name IS NOT NULL
"""


def read_structure(found: Any) -> Structure:
    """All there is of each kind, with its definition as this server writes it."""
    structure: Structure = {}
    with found.cursor() as cursor:
        for kind, query in QUERIES.items():
            cursor.execute(query, _tables(cursor))
            structure[kind] = dict(sorted(cursor.fetchall()))
    return structure


def differences(wanted: Structure, there: Structure, *, by_definition: bool) -> Iterator[str]:
    """One sentence for each thing that is missing, new, or (if asked for) not as wanted."""
    for kind, names in wanted.items():
        for name, definition in names.items():
            if name not in there[kind]:
                yield f"The {kind} {name} is missing"
            elif by_definition and _essence(there[kind][name]) != _essence(definition):
                yield f"The {kind} {name} is not as it was"
        for name in there[kind]:
            if name not in names:
                yield f"The {kind} {name} was not there when the backup was made"


def _essence(definition: str) -> str:
    """What is left the same when PostgreSQL reads a definition that it wrote itself.

    It adds casts between kinds of text, and leaves parentheses out.
    """
    return re.sub(r"::(text|character varying)(\[\])?|[()]", "", definition)


def faults(found: Any) -> Iterator[str]:
    """One sentence for each constraint, index, trigger or sequence that does not do its work."""
    with found.cursor() as cursor:
        tables = _tables(cursor)
        for what, query in FAULTS.items():
            cursor.execute(query, tables)
            for (name,) in cursor.fetchall():
                yield f"The {what.format(name)}"
        cursor.execute(SEQUENCES, tables)
        for schema, table, column, sequence in cursor.fetchall():
            cursor.execute(
                sql.SQL(
                    "SELECT coalesce(max({}), 0) > coalesce(pg_sequence_last_value(%s), 0) FROM {}"
                ).format(sql.Identifier(column), sql.Identifier(schema, table)),
                [sequence],
            )
            if cursor.fetchone()[0]:
                yield f"The sequence of {table}.{column} is behind its column"


def _tables(cursor: Any) -> dict[str, Any]:
    cursor.execute(TABLES)
    return {"tables": cursor.fetchone()[0] or []}
