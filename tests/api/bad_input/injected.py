"""Faults of the database, injected by the database itself: a trigger that raises."""

from __future__ import annotations

from django.db import connection


def fail_on(table: str, state: str, *, times: int | None = None) -> None:
    """Make inserts into the table, and changes, fail with this SQLSTATE; the first `times` only."""
    condition = "" if times is None else f"IF nextval('failures') <= {times} THEN"
    with connection.cursor() as cursor:
        cursor.execute(
            # A sequence keeps counting when a transaction is rolled back.
            "CREATE SEQUENCE IF NOT EXISTS failures;"
            "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"{condition} RAISE EXCEPTION 'injected' USING ERRCODE = '{state}'; "
            f"{'END IF;' if condition else ''} RETURN NEW; END $$;"
            f"CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION fail()"
        )


def stop_failing(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"DROP TRIGGER fail ON {table}; DROP FUNCTION fail(); DROP SEQUENCE failures"
        )
