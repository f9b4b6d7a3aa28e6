"""Which rows changed while they were copied: a log that triggers write and the copy reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convoai.operations.partitions.names import NOTING, TABLES, WORK

LOG = f"{WORK}.changes"
SETUP = f"""
CREATE TABLE {LOG} (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, is_talk boolean NOT NULL,
    row_id bigint NOT NULL
);
-- Whoever may write talks may have them noted.
CREATE FUNCTION {WORK}.note_change() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'cannot truncate % while its layout is being changed', TG_TABLE_NAME
        USING ERRCODE = 'object_in_use',
              HINT = 'Wait for the end of manage.py partition, or DELETE the rows.';
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO {LOG} (is_talk, row_id) SELECT TG_TABLE_NAME = 'conversations', id FROM before;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO {LOG} (is_talk, row_id) SELECT TG_TABLE_NAME = 'conversations', id FROM after;
    END IF;
    RETURN NULL;
END
$$;
"""
EVENTS = (
    "AFTER INSERT ON {table} REFERENCING NEW TABLE AS after",
    "AFTER UPDATE ON {table} REFERENCING OLD TABLE AS before NEW TABLE AS after",
    "AFTER DELETE ON {table} REFERENCING OLD TABLE AS before",
    "BEFORE TRUNCATE ON {table}",
)


def noting_sql(schema: str, table: str) -> Iterator[str]:
    for name, event in zip(NOTING, EVENTS, strict=True):
        yield (
            f"CREATE TRIGGER {name} {event.format(table=f'{schema}.{table}')} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {WORK}.note_change()"
        )


def stop_noting_sql(schema: str) -> Iterator[str]:
    for table in TABLES:
        for name in NOTING:
            yield f"DROP TRIGGER IF EXISTS {name} ON {schema}.{table}"


def pending(cursor: Any) -> int:
    """How many changes wait to be followed."""
    cursor.execute(f"SELECT count(*) FROM {LOG}")
    return int(cursor.fetchone()[0])


def take(cursor: Any, limit: int) -> tuple[list[int], list[int]]:
    """The ids of the talks and messages of the oldest changes, which are off the log then."""
    cursor.execute(
        f"DELETE FROM {LOG} WHERE seq IN (SELECT seq FROM {LOG} ORDER BY seq LIMIT %s) "
        "RETURNING is_talk, row_id",
        [limit],
    )
    rows = cursor.fetchall()
    talks = sorted({row_id for is_talk, row_id in rows if is_talk})
    messages = sorted({row_id for is_talk, row_id in rows if not is_talk})
    return talks, messages
