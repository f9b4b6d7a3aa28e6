"""The seven tables: there, whole, and usable by convoai's role; their sequences ahead."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db.models import CheckConstraint

from convoai.operations.doctor.installation import Installation, quoted
from convoai.operations.doctor.server import Server
from convoai.operations.findings import Finding, error, ok, warning
from convoai.operations.partitions.names import REGISTRY

TABLES = (
    "users",
    "conversation_partners",
    "conversations",
    "messages",
    "topics",
    "conversation_topics",
    "extracted_facts",
)
# Not current_schema(): that skips a schema which the role may not use.
SCHEMA = "coalesce(current_schema(), 'public')"
# CASE, because PostgreSQL may look at the right before it looks at the kind.
MISSING_RIGHTS = f"""
SELECT kind, name, string_agg(what, ', ') FROM (
    SELECT 'table' AS kind, relname::text AS name, what FROM pg_class,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS what
    WHERE relnamespace = to_regnamespace({SCHEMA}) AND relkind IN ('r', 'p')
        AND relname = ANY(%s) AND NOT has_table_privilege(oid, what)
    UNION ALL
    SELECT 'sequence', relname::text, 'USAGE' FROM pg_class
    WHERE relnamespace = to_regnamespace({SCHEMA}) AND relkind = 'S'
        AND NOT CASE WHEN relkind = 'S' THEN has_sequence_privilege(oid, 'USAGE') ELSE true END
) AS lacking GROUP BY kind, name ORDER BY kind DESC, name
"""
SEQUENCES = f"""
SELECT d.refobjid::regclass::text, a.attname::text, s.relname::text,
       CASE WHEN s.relkind = 'S' THEN pg_sequence_last_value(s.oid) END
FROM pg_class AS s
JOIN pg_depend AS d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass
    AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE s.relkind = 'S' AND s.relnamespace = to_regnamespace({SCHEMA})
    AND has_table_privilege(d.refobjid, 'SELECT')
    AND CASE WHEN s.relkind = 'S' THEN has_sequence_privilege(s.oid, 'USAGE') ELSE false END
"""


def our_tables() -> list[str]:
    """The tables of all installed apps, the libraries' too."""
    return sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)})


def examine_tables(server: Server, here: Installation) -> Iterator[Finding]:
    found = dict(
        server.rows(
            "SELECT t.relname::text, coalesce(sum(greatest(part.reltuples, "
            "pg_stat_get_live_tuples(part.oid))), 0)::bigint FROM pg_class AS t "
            # A partitioned table has the rows of its partitions, and no figures of its own.
            "LEFT JOIN pg_class AS part ON part.relkind = 'r' AND (part.oid = t.oid OR "
            "part.relispartition AND pg_partition_root(part.oid) = t.oid) "
            f"WHERE t.relnamespace = to_regnamespace({SCHEMA}) AND t.relkind IN ('r', 'p') "
            "AND t.relname = ANY(%s) GROUP BY 1",
            list(TABLES),
        )
    )
    missing = [table for table in TABLES if table not in found]
    if missing:
        yield error(
            "tables.missing",
            f"The database lacks {', '.join(missing)}.",
            "Run `manage.py migrate`; if it finds nothing to do, restore a backup.",
            missing=missing,
        )
        return
    figures = ", ".join(f"{table} {found[table]:,}" for table in TABLES)
    yield ok("tables.missing", f"The seven tables are there (rows, estimated: {figures}).", **found)


def examine_rights(server: Server, here: Installation) -> Iterator[Finding]:
    role = quoted(here.role)
    schema, may_use = server.row(f"SELECT {SCHEMA}, has_schema_privilege({SCHEMA}, 'USAGE')")
    if not may_use:
        yield error(
            "rights.schema",
            f"The user {here.role} may not use the schema {schema}.",
            here.administrator_sql(f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {role}"),
        )
    # The registry, which is there when talks are partitioned, is written by triggers of this role.
    lacking = server.rows(MISSING_RIGHTS, [*our_tables(), REGISTRY])
    for kind in ("table", "sequence"):
        grants = [(name, what) for found, name, what in lacking if found == kind]
        if not grants:
            continue
        names = ", ".join(name for name, _ in grants)
        yield error(
            f"rights.{kind}",
            f"The user {here.role} lacks rights on {names}.",
            here.administrator_sql(
                *(
                    f"GRANT {what} ON {kind.upper()} {quoted(schema)}.{quoted(name)} TO {role}"
                    for name, what in grants
                )
            ),
            lacking=dict(grants),
        )
    if may_use and not lacking:
        yield ok("rights", f"The user {here.role} may read and write every table and sequence.")
    is_super, bypasses, is_first = server.row(
        "SELECT rolsuper, rolbypassrls, oid = 10 FROM pg_roles WHERE rolname = current_user"
    )
    if is_super or bypasses:
        # The role that the cluster was made with must stay what it is.
        less = here.administrator_sql(f"ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS")
        yield warning(
            "rights.superuser",
            f"The user {here.role} has more rights than it needs (superuser or BYPASSRLS).",
            f"Make an ordinary role for DATABASE_URL: {here.set_up()}." if is_first else less,
        )


def examine_constraints(server: Server, here: Installation) -> Iterator[Finding]:
    loose = server.rows(
        "SELECT conrelid::regclass::text, conname::text FROM pg_constraint "
        f"WHERE NOT convalidated AND connamespace = to_regnamespace({SCHEMA}) ORDER BY 1, 2"
    )
    if loose:
        yield error(
            "constraints.unvalidated",
            "Rows may break " + ", ".join(name for _, name in loose) + ", never validated.",
            here.own_sql(
                *(
                    f"ALTER TABLE {table} VALIDATE CONSTRAINT {quoted(name)}"
                    for table, name in loose
                )
            ),
            constraints=[name for _, name in loose],
        )
    there = {
        name
        for (name,) in server.rows(
            "SELECT conname::text FROM pg_constraint "
            f"WHERE connamespace = to_regnamespace({SCHEMA})"
        )
    }
    missing = sorted(expected_constraints() - there)
    if missing:
        yield error(
            "constraints.missing",
            f"The database lacks the rules {', '.join(missing)}.",
            "Somebody dropped them, or a restore was cut short: restore a backup with "
            "`manage.py restore`.",
            constraints=missing,
        )
    disabled = server.rows(
        "SELECT tgrelid::regclass::text, tgname::text FROM pg_trigger WHERE tgenabled = 'D' "
        "AND NOT tgisinternal ORDER BY 1, 2"
    )
    if disabled:
        yield error(
            "constraints.triggers",
            "Triggers are switched off: " + ", ".join(f"{name} on {on}" for on, name in disabled),
            here.own_sql(
                *(f"ALTER TABLE {table} ENABLE TRIGGER {quoted(name)}" for table, name in disabled)
            ),
            triggers=[f"{table}.{name}" for table, name in disabled],
        )
    if not loose and not missing and not disabled:
        yield ok("constraints", f"All {len(there)} rules are there and validated.")


def expected_constraints() -> set[str]:
    """The names of the rules that the models of our tables name."""
    return {
        constraint.name
        for model in apps.get_models()
        if model._meta.db_table in TABLES
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint)
    }


def examine_sequences(server: Server, here: Installation) -> Iterator[Finding]:
    found = server.rows(SEQUENCES)
    if not found:
        return
    # One index look-up a table, all in one question.
    highest = server.row(
        "SELECT "
        + ", ".join(f"(SELECT max({quoted(column)}) FROM {table})" for table, column, _, _ in found)
    )
    behind = [
        (table, column, sequence, last or 0, top)
        for (table, column, sequence, last), top in zip(found, highest, strict=True)
        if top is not None and top > (last or 0)
    ]
    if not behind:
        yield ok("sequences.behind", f"All {len(found)} sequences are ahead of their column.")
        return
    yield error(
        "sequences.behind",
        "The next insert will fail, for sequences are behind their column: "
        + ", ".join(f"{name} at {last}, {table} at {top}" for table, _, name, last, top in behind),
        here.own_sql(
            *(
                f"SELECT setval('{quoted(sequence)}', (SELECT max({quoted(column)}) FROM {table}))"
                for table, column, sequence, _, _ in behind
            )
        ),
        sequences={sequence: {"at": last, "column": top} for _, _, sequence, last, top in behind},
    )
