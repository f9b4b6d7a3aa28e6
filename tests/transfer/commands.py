"""Calls the commands as a person does, and reads what they print."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

TABLES = (
    "users",
    "conversation_partners",
    "conversations",
    "messages",
    "topics",
    "conversation_topics",
    "extracted_facts",
)


def run(name: str, *arguments: Any) -> str:
    """What `manage.py name arguments` prints."""
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out, stderr=out)
    return out.getvalue()


def counts(report: str, table: str) -> list[int]:
    """Rows read, imported, repaired and skipped of a table."""
    row = re.search(rf"^{table} +([\d,]+) +([\d,]+) +([\d,]+) +([\d,]+) ", report, re.MULTILINE)
    assert row, report
    return [int(number.replace(",", "")) for number in row.groups()]


def checksums(report: str) -> dict[str, tuple[str, str]]:
    """The checksums of file and database, by table."""
    found = re.findall(r"^(\w+) .* ([0-9a-f]{16})  ([0-9a-f]{16})$", report, re.MULTILINE)
    return {name: (file, database) for name, file, database in found}


def everything() -> dict[str, list[Any]]:
    """All rows of the seven tables."""
    with connection.cursor() as cursor:
        found = {}
        for name in TABLES:
            cursor.execute(f"SELECT t::text FROM {name} AS t ORDER BY id")
            found[name] = cursor.fetchall()
        return found


def import_file(path: Path, *options: Any) -> str:
    return run("import_duckdb", path, *options)
