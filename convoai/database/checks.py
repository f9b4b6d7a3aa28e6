"""System checks of the database room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import DatabaseError, connection

from convoai.database.driver import PSYCOPG3_SENTENCE, psycopg3_is_importable


def check_driver(**_: Any) -> list[CheckMessage]:
    """database.E001: psycopg 3 must not be importable."""
    if not psycopg3_is_importable():
        return []
    what, hint = PSYCOPG3_SENTENCE.split(": ", 1)
    return [Error(f"{what}.", hint=hint, id="database.E001")]


def check_role(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """database.E002: where others can reach the server, its role must not be a superuser."""
    if not databases or settings.DEBUG or not _is_superuser():
        return []
    what = "convoai connects to PostgreSQL as a superuser, so that one hole would open everything."
    hint = "Make an ordinary role that owns the database (docs/deployment.md) for DATABASE_URL."
    return [Error(what, hint=hint, id="database.E002")]


def _is_superuser() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            row = cursor.fetchone()
    except DatabaseError:
        return False
    return bool(row and row[0])
