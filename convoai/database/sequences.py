"""SQL that keeps an id sequence ahead of rows that came with their own ids.

A fixture, an import or a restore inserts rows with explicit ids and leaves the sequence behind,
so that the next ordinary insert collides. Tables that want protection add the trigger with
`keep_sequence(table)` in a migration.
"""

from __future__ import annotations

from django.db import migrations

# The usual insert costs two index look-ups and takes no lock: only when the highest id is ahead
# of the sequence does one writer at a time look again and move it.
CREATE_FUNCTION = """
CREATE OR REPLACE FUNCTION convoai_keep_sequence() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    sequence regclass := pg_get_serial_sequence(TG_RELID::regclass::text, 'id')::regclass;
    highest bigint;
BEGIN
    EXECUTE format('SELECT max(id) FROM %s', TG_RELID::regclass) INTO highest;
    IF highest > coalesce(pg_sequence_last_value(sequence), 0) THEN
        PERFORM pg_advisory_xact_lock((x'636f6e76'::bigint << 32) | sequence::oid::bigint);
        IF highest > coalesce(pg_sequence_last_value(sequence), 0) THEN
            PERFORM setval(sequence, highest);
        END IF;
    END IF;
    RETURN NULL;
END
$$;
"""

DROP_FUNCTION = "DROP FUNCTION IF EXISTS convoai_keep_sequence();"


def keep_sequence(table: str) -> migrations.RunSQL:
    """A reversible migration operation that keeps the id sequence of `table` correct."""
    return migrations.RunSQL(
        f'CREATE TRIGGER convoai_keep_sequence AFTER INSERT ON "{table}" '
        "FOR EACH STATEMENT EXECUTE FUNCTION convoai_keep_sequence();",
        f'DROP TRIGGER IF EXISTS convoai_keep_sequence ON "{table}";',
    )
