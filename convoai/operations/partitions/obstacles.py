"""What makes a change of the layout impossible, found before anything is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convoai.operations.partitions.names import INWARD, TABLES

OLDEST = 150_000
OWNED = """
SELECT relname::text, pg_get_userbyid(relowner)::text FROM pg_class
WHERE oid = ANY (ARRAY[to_regclass('conversations'), to_regclass('messages'),
                       to_regclass('conversation_topics'), to_regclass('extracted_facts'),
                       to_regclass('users'), to_regclass('conversation_partners')]::oid[])
AND NOT pg_has_role(relowner, 'USAGE') ORDER BY 1
"""
# Foreign keys of others, views, row security, publications: they would stay with the old tables.
HANGING = """
SELECT 'the foreign key ' || conname || ' of ' || conrelid::regclass FROM pg_constraint
WHERE contype = 'f' AND confrelid = ANY (%(tables)s) AND NOT conname = ANY (%(known)s)
AND conparentid = 0
UNION ALL
SELECT DISTINCT 'the view ' || r.ev_class::regclass FROM pg_depend d
JOIN pg_rewrite r ON r.oid = d.objid WHERE d.classid = 'pg_rewrite'::regclass
AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (%(tables)s)
AND r.ev_class <> d.refobjid
UNION ALL
SELECT 'the row security policy ' || polname || ' of ' || polrelid::regclass FROM pg_policy
WHERE polrelid = ANY (%(tables)s)
UNION ALL
SELECT 'the publication ' || pubname FROM pg_publication_rel r
JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = ANY (%(tables)s)
"""


def obstacles(cursor: Any) -> Iterator[str]:
    """One sentence, with the fix, for each."""
    cursor.execute("SELECT current_setting('server_version_num')::int, pg_is_in_recovery()")
    version, is_replica = cursor.fetchone()
    if version < OLDEST:
        yield "PostgreSQL 15 or newer is needed: upgrade the server."
    if is_replica:
        yield "This server is a replica: run the command against the primary."
    cursor.execute(OWNED)
    owners = cursor.fetchall()
    if owners:
        names = ", ".join(name for name, _ in owners)
        yield (
            f"The user of DATABASE_URL does not own {names} (the owner is {owners[0][1]}): run the "
            "command with the owner's DATABASE_URL, or let an administrator change the owner."
        )
    cursor.execute(
        "SELECT has_database_privilege(current_database(), 'CREATE'), current_database(), "
        "quote_ident(current_user), has_schema_privilege(current_schema(), 'CREATE')"
    )
    may_create, database, role, may_fill = cursor.fetchone()
    if not may_create or not may_fill:
        yield (
            "The user may not make schemas and tables: let an administrator run "
            f'GRANT CREATE ON DATABASE "{database}" TO {role}; '
            f"GRANT CREATE ON SCHEMA public TO {role}."
        )
    cursor.execute("SELECT to_regclass(%s)::oid, to_regclass(%s)::oid", list(TABLES))
    tables = [int(oid) for oid in cursor.fetchone() if oid is not None]
    if len(tables) < len(TABLES):
        yield "The tables are not there: run `manage.py migrate`."
        return
    cursor.execute(HANGING, {"tables": tables, "known": [*INWARD, "fk_messages_conversation"]})
    for (what,) in cursor.fetchall():
        yield f"{what[0].upper()}{what[1:]} hangs on the tables and would be lost: drop it first."
