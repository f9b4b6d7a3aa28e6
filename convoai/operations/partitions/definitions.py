"""What hangs on a table, as SQL that makes the same again on another one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

INDEXES = """
SELECT c.relname::text, pg_get_indexdef(c.oid), o.contype::text, pg_get_constraintdef(o.oid),
       i.indisunique
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_constraint o ON o.conindid = c.oid AND o.contype IN ('p', 'u', 'x')
    AND o.conrelid = i.indrelid
WHERE i.indrelid = to_regclass(%s) AND (i.indisvalid OR c.relkind = 'I') ORDER BY 1
"""
FOREIGN_KEYS = """
SELECT conname::text, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = to_regclass(%s) AND contype = 'f' ORDER BY 1
"""
TRIGGERS = """
SELECT tgname::text, pg_get_triggerdef(oid) FROM pg_trigger
WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal ORDER BY 1
"""
GRANTS = """
SELECT privilege_type, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(rolname) END,
       is_grantable
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) LEFT JOIN pg_roles r ON r.oid = grantee
WHERE c.oid = to_regclass(%s) AND grantee <> c.relowner ORDER BY 2, 1
"""
# All else that a migration can change: columns with their types and defaults, and checks.
SHAPE = """
SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
                 attgenerated, pg_get_expr(adbin, adrelid))
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = to_regclass(%(table)s) AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT concat_ws(' ', conname, pg_get_constraintdef(oid)) FROM pg_constraint
WHERE conrelid = to_regclass(%(table)s) AND contype = 'c' ORDER BY 1
"""
# What stands between the name of an index and its columns, and where a trigger stands.
ON_TABLE = re.compile(r' ON (ONLY )?(\w+|"[^"]+")\.(\w+) ')


@dataclass(frozen=True)
class Index:
    name: str
    # As the server writes it, with ` ON {table} ` for the table.
    definition: str
    # UNIQUE (…) or PRIMARY KEY (…) when the index belongs to a constraint.
    constraint: str | None
    is_primary: bool
    is_unique: bool


@dataclass(frozen=True)
class Definitions:
    """Indexes, foreign keys, triggers and rights of one table."""

    indexes: dict[str, Index]
    foreign_keys: dict[str, str]
    # As the server writes them, with ` ON {table} ` for the table.
    triggers: dict[str, str]
    grants: list[tuple[str, str, bool]]
    # Of the sequence behind `id`, if there is one.
    sequence_grants: list[tuple[str, str, bool]]
    # Columns and checks as text, to see whether they changed.
    shape: list[str]


def read_definitions(cursor: Any, table: str) -> Definitions:
    """Of a table in the current schema."""
    cursor.execute(INDEXES, [table])
    indexes = {
        name: Index(name, anywhere(definition), rule, kind == "p", is_unique)
        for name, definition, kind, rule, is_unique in cursor.fetchall()
    }
    cursor.execute(FOREIGN_KEYS, [table])
    foreign_keys = dict(cursor.fetchall())
    cursor.execute(TRIGGERS, [table])
    triggers = {name: anywhere(definition) for name, definition in cursor.fetchall()}
    grants = read_grants(cursor, table)
    cursor.execute(
        "SELECT pg_get_serial_sequence(%s, 'id') WHERE to_regclass(%s) IS NOT NULL", [table, table]
    )
    sequences = [name for (name,) in cursor.fetchall() if name is not None]
    of_sequence = [one for name in sequences for one in read_grants(cursor, name)]
    cursor.execute(SHAPE, {"table": table})
    shape = [text for (text,) in cursor.fetchall()]
    return Definitions(indexes, foreign_keys, triggers, grants, of_sequence, shape)


def read_grants(cursor: Any, relation: str) -> list[tuple[str, str, bool]]:
    """Privilege, role and whether it may pass it on, of all but the owner."""
    cursor.execute(GRANTS, [relation])
    return list(cursor.fetchall())


def grants_sql(grants: list[tuple[str, str, bool]], relation: str) -> Iterator[str]:
    """The same rights on another table; `SEQUENCE name` for a sequence."""
    for privilege, role, may_grant in grants:
        option = " WITH GRANT OPTION" if may_grant else ""
        yield f"GRANT {privilege} ON {relation} TO {role}{option}"


def anywhere(definition: str) -> str:
    """A definition that tells its table, with `{table}` in that place."""
    return ON_TABLE.sub(" ON {table} ", definition.replace("{", "{{").replace("}", "}}"), count=1)
