"""Small database files of the older backend, written with DuckDB itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import bcrypt
import duckdb

from convoai.transfer.duckdb_files.schema import statements
from convoai.transfer.duckdb_files.tables import TABLES

PASSWORD = "an old pass phrase"
NOON = "2024-05-01 12:00:00+00"
TYPES = {
    "id": "INTEGER",
    "text": "VARCHAR",
    "flag": "BOOLEAN",
    "number": "FLOAT",
    "whole": "INTEGER",
    "time": "TIMESTAMP WITH TIME ZONE",
}
Rows = Sequence[dict[str, Any]]


def old_hash(password: str = PASSWORD) -> str:
    """As the older backend made them, with the least rounds there are."""
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()


def user(number: int = 1, **values: Any) -> dict[str, Any]:
    name = ("", "dora", "emil", "fritz", "gesa", "hans")[number]
    given = {"email": f"{name}@example.com", "username": name, "hashed_password": "auto-generated"}
    return {"id": number, **given, "created_at": NOON, **values}


def partner(number: int = 1, **values: Any) -> dict[str, Any]:
    return {"id": number, "user_id": 1, "name": f"Partner {number}", "created_at": NOON, **values}


def talk(number: int = 1, **values: Any) -> dict[str, Any]:
    times = {"started_at": NOON, "created_at": NOON}
    return {
        "id": number,
        "user_id": 1,
        "partner_id": 1,
        "title": f"Talk {number}",
        **times,
    } | values


def message(number: int = 1, content: Any = "Hello there.", **values: Any) -> dict[str, Any]:
    said = {"sender": ("partner", "user")[number % 2], "content": content}
    times = {"timestamp": f"2024-05-01 12:{number % 60:02}:00+00", "created_at": NOON}
    return {"id": number, "conversation_id": 1, **said, **times, **values}


def topic(number: int, name: Any, **values: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "category": "general", "created_at": NOON, **values}


def link(talk: int, topic: int, **values: Any) -> dict[str, Any]:
    numbers = {"conversation_id": talk, "topic_id": topic}
    return {**numbers, "relevance_score": 5, "created_at": NOON, **values}


def fact(number: int = 1, key: Any = "employer", value: Any = "Nordlicht", **values: Any) -> Any:
    given = {
        "partner_id": 1,
        "conversation_id": 1,
        "category": "work",
        "source_message_id": 1,
        "confidence": 0.5,
    }
    times = {"extracted_at": NOON, "created_at": NOON}
    return {"id": number, **given, "fact_key": key, "fact_value": value, **times} | values


def vector(size: int, first: float = 1.0) -> str:
    return json.dumps([first, *[0.5] * (size - 1)])


def write_file(
    path: Path,
    *,
    without: str = "",
    change: str = "",
    plain: bool = False,
    vector_type: str = "JSON",
    **tables: Rows,
) -> Path:
    """A file with one user, partner and talk, and these rows instead or besides.

    `without` names tables and columns (`messages`, `conversations.full_transcript`) to leave
    out, `change` is SQL for the end; a `plain` file has no constraints, so that it can hold
    anything.
    """
    rows: dict[str, Rows] = {
        "users": [user()],
        "conversation_partners": [partner()],
        "conversations": [talk()],
        "messages": [message()],
        **tables,
    }
    with duckdb.connect(str(path)) as file:
        file.execute("BEGIN")
        for statement in plain_statements(vector_type) if plain else statements({}):
            file.execute(statement)
        for name, contents in rows.items():
            for row in contents:
                marks = ", ".join("?" for _ in row)
                columns = ", ".join(f'"{column}"' for column in row)
                file.execute(f"INSERT INTO {name} ({columns}) VALUES ({marks})", list(row.values()))
        file.execute("COMMIT")
        for name in without.split():
            table, _, column = name.partition(".")
            file.execute(
                f"ALTER TABLE {table} DROP COLUMN {column}" if column else f"DROP TABLE {table}"
            )
        file.execute(change)
    return path


def plain_statements(vector_type: str) -> Iterator[str]:
    """The tables with their types and nothing else."""
    for table in TABLES:
        columns = ", ".join(
            f'"{column.name}" {TYPES.get(column.kind, vector_type)}' for column in table.columns
        )
        yield f"CREATE TABLE {table.name} ({columns})"
