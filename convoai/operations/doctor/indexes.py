"""Indexes: present, valid, used, none twice, none missing for a foreign key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db.models import UniqueConstraint

from convoai.operations.doctor.installation import Installation, quoted
from convoai.operations.doctor.server import Server
from convoai.operations.doctor.tables import SCHEMA, TABLES
from convoai.operations.findings import Finding, error, info, ok, warning
from convoai.operations.partitions.names import REGISTRY, SOURCE
from convoai.operations.partitions.names import TABLES as PARTITIONED

# Made by SQL in migrations, so that no model names them.
BY_SQL = frozenset({"idx_partners_search", "idx_facts_search"})
# An index nobody asked is worth a word from this size on, once statistics are this old.
LARGE_BYTES, OLD_DAYS = 20_000_000, 7
# An index of a partitioned table counts with its parts: their use, size and state.
INDEXES = f"""
SELECT i.indrelid::regclass::text, c.relname::text, a.amname::text, i.indkey::text,
       i.indclass::text || ' ' || i.indoption::text, pg_get_expr(i.indexprs, i.indrelid),
       pg_get_expr(i.indpred, i.indrelid), i.indisunique, i.indisvalid AND i.indisready,
       parts.scans, parts.size
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_am AS a ON a.oid = c.relam
CROSS JOIN LATERAL (
    SELECT coalesce(sum(pg_stat_get_numscans(part.oid)), 0)::bigint AS scans,
           coalesce(sum(pg_relation_size(part.oid)), 0)::bigint AS size
    FROM (SELECT c.oid WHERE c.relkind = 'i' UNION ALL
          SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf AND c.relkind = 'I') AS part
) AS parts
WHERE c.relnamespace = to_regnamespace({SCHEMA}) AND i.indrelid::regclass::text = ANY(%s)
ORDER BY 1, 2
"""
# Those of partitions, and those of partitioned tables that not every partition has a part of.
INVALID_PARTS = f"""
SELECT c.relname::text, c.relkind = 'I'
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_class AS t ON t.oid = i.indrelid
WHERE t.relnamespace = to_regnamespace({SCHEMA}) AND NOT (i.indisvalid AND i.indisready)
    AND (t.relispartition OR t.relkind = 'p')
    AND pg_partition_root(t.oid)::regclass::text = ANY(%s)
ORDER BY 1
"""
# An index serves a foreign key when it begins with one of its columns; the owner alone would find
# all rows of a person, so it does not count where there is another. One with a condition serves
# when that only leaves out NULL. The key that is a trigger on partitions has its columns there; of
# a key that partitions inherit, the one of their table is looked at.
WITHOUT_INDEX = f"""
SELECT k.conrelid::regclass::text, k.conname::text,
       (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname = 'user_id', attname)
        FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = ANY(k.columns))
FROM (
    SELECT o.conrelid, o.conname, coalesce(o.conkey, t.tgattr::int2[]) AS columns
    FROM pg_constraint AS o
    LEFT JOIN pg_trigger AS t ON t.tgconstraint = o.oid AND o.contype = 't'
    WHERE o.connamespace = to_regnamespace({SCHEMA}) AND o.conparentid = 0
        AND (o.contype = 'f' OR o.contype = 't' AND o.conname = '{SOURCE}')
) AS k
WHERE NOT EXISTS (
    SELECT FROM pg_index AS i JOIN pg_attribute AS a
        ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = k.conrelid AND i.indisvalid AND a.attnum = ANY(k.columns)
        AND (cardinality(k.columns) = 1 OR a.attname <> 'user_id')
        AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) LIKE '% IS NOT NULL)')
)
ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Index:
    table: str
    name: str
    kind: str
    columns: str
    operators: str
    expressions: str | None
    condition: str | None
    is_unique: bool
    is_valid: bool
    scans: int
    size: int


def read_indexes(server: Server) -> list[Index]:
    """The indexes of our tables, by table and name; `scans` since the statistics were reset."""
    return [Index(*row) for row in server.rows(INDEXES, [*TABLES, REGISTRY])]


def examine_indexes(server: Server, here: Installation) -> Iterator[Finding]:
    indexes = read_indexes(server)
    names = {index.name for index in indexes}
    missing = sorted(expected_indexes() - names)
    if missing:
        yield error(
            "indexes.missing",
            f"The database lacks the indexes {', '.join(missing)}.",
            "Somebody dropped them, or a restore was cut short: restore a backup, or run "
            "`manage.py sqlmigrate APP NUMBER` for the migration that makes them and run that SQL.",
            indexes=missing,
        )
    parts = dict(server.rows(INVALID_PARTS, list(PARTITIONED)))
    unfinished = [name for name, is_whole in parts.items() if is_whole]
    broken = [index.name for index in indexes if not index.is_valid] + list(parts)
    broken = [name for name in dict.fromkeys(broken) if name not in unfinished]
    if broken:
        yield error(
            "indexes.invalid",
            "Searches pass by indexes that are not valid: " + ", ".join(broken),
            here.own_sql(*(f"REINDEX INDEX CONCURRENTLY {quoted(name)}" for name in broken)),
            indexes=broken,
        )
    if unfinished:
        yield error(
            "indexes.unfinished",
            "Not every partition has its part of the indexes " + ", ".join(unfinished),
            "A migration was broken off: run `manage.py migrate` again. If it has nothing to do, "
            + here.own_sql(*(f"DROP INDEX {quoted(name)}" for name in unfinished))
            + " and make them anew.",
            indexes=unfinished,
        )
    doubles = duplicates(indexes)
    if doubles:
        yield warning(
            "indexes.duplicate",
            "Indexes that another one makes needless slow every write: "
            + ", ".join(f"{narrow.name} (see {wide.name})" for narrow, wide in doubles),
            here.own_sql(
                *(f"DROP INDEX CONCURRENTLY {quoted(narrow.name)}" for narrow, _ in doubles)
            ),
            indexes={narrow.name: wide.name for narrow, wide in doubles},
        )
    yield from _foreign_keys(server, here)
    yield from _unused(server, indexes)
    if not missing and not broken and not unfinished and not doubles:
        yield ok("indexes", f"All {len(indexes)} indexes are there and valid, none twice.")


def expected_indexes() -> set[str]:
    """The names of the indexes that the models of our tables name, and those made by SQL."""
    options = [model._meta for model in apps.get_models() if model._meta.db_table in TABLES]
    return (
        set(BY_SQL)
        | {index.name for one in options for index in one.indexes}
        | {
            constraint.name
            for one in options
            for constraint in one.constraints
            if isinstance(constraint, UniqueConstraint)
        }
    )


def duplicates(indexes: list[Index]) -> list[tuple[Index, Index]]:
    """Pairs of an index and one that does all it does; of two equal ones, the later named."""
    pairs: dict[str, tuple[Index, Index]] = {}
    for narrow in indexes:
        for wide in indexes:
            equal = _serves(narrow, wide) and _serves(wide, narrow)
            # Of two equal ones the unique one holds a rule; then the first by name stays.
            stays = (narrow.is_unique, wide.name) > (wide.is_unique, narrow.name)
            if narrow.name != wide.name and _serves(wide, narrow) and not (equal and stays):
                pairs.setdefault(narrow.name, (narrow, wide))
    return list(pairs.values())


def _serves(wide: Index, narrow: Index) -> bool:
    """Whether one index does all that the other does."""
    if (wide.table, wide.kind, wide.condition) != (narrow.table, narrow.kind, narrow.condition):
        return False
    if wide.expressions != narrow.expressions or (narrow.is_unique and not wide.is_unique):
        return False
    if wide.columns == narrow.columns and wide.operators == narrow.operators:
        return True
    is_plain = narrow.kind == "btree" and narrow.expressions is None and not narrow.is_unique
    return is_plain and f"{wide.columns} ".startswith(f"{narrow.columns} ")


def _foreign_keys(server: Server, here: Installation) -> Iterator[Finding]:
    without = server.rows(WITHOUT_INDEX)
    if not without:
        yield ok("indexes.foreign_keys", "Every foreign key has an index.")
        return
    yield warning(
        "indexes.foreign_keys",
        "Deleting searches whole tables, for foreign keys have no index: "
        + ", ".join(f"{name} on {table}" for table, name, _ in without),
        here.own_sql(
            *(f"CREATE INDEX CONCURRENTLY ON {table} ({columns})" for table, _, columns in without)
        ),
        foreign_keys=[name for _, name, _ in without],
    )


def _unused(server: Server, indexes: list[Index]) -> Iterator[Finding]:
    days = server.row(
        "SELECT extract(epoch FROM now() - coalesce(stats_reset, pg_postmaster_start_time()))"
        "::bigint / 86400 FROM pg_stat_database WHERE datname = current_database()"
    )[0]
    idle = [
        index
        for index in indexes
        if not index.scans and not index.is_unique and index.size > LARGE_BYTES
    ]
    if idle and days >= OLD_DAYS:
        yield info(
            "indexes.unused",
            f"Nobody asked these indexes in {days} days: "
            + ", ".join(f"{index.name} ({index.size / 1e6:.0f} MB)" for index in idle),
            "Nothing to do: they serve abilities that are not used here.",
            indexes={index.name: index.size for index in idle},
        )
