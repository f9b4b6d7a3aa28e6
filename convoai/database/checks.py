"""System checks of the database room."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error

from convoai.database.driver import PSYCOPG3_SENTENCE, psycopg3_is_importable


def check_driver(**_: Any) -> list[CheckMessage]:
    """database.E001: psycopg 3 must not be importable."""
    if not psycopg3_is_importable():
        return []
    what, hint = PSYCOPG3_SENTENCE.split(": ", 1)
    return [Error(f"{what}.", hint=hint, id="database.E001")]
