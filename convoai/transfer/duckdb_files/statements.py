"""SQL on the temporary tables, which have no models."""

from __future__ import annotations

from typing import Any

from django.db import connection


def run(query: str, *values: Any) -> None:
    """Execute one statement, with `%s` for each value."""
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)


def rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
    """All rows that a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
