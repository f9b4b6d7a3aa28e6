"""Which PostgreSQL and which pgvector convoai needs, and how to make them ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction

from convoai.database.problems import DatabaseProblem, sentence_for

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations.state import StateApps

MINIMUM_SERVER = 15
MINIMUM_VECTOR = (0, 7)


def vector_version(connection: BaseDatabaseWrapper) -> str | None:
    """The installed version of pgvector in this database, or None when it is not installed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def ensure_vector(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Migration step: pgvector is installed and new enough afterwards.

    Needs no special right when the extension is already there. Raises DatabaseProblem with one
    sentence when the server is too old, the extension is missing or too old, or a right is.
    """
    connection = schema_editor.connection
    _require_server(connection)
    if vector_version(connection) is None:
        _create(connection)
    _require_version(vector_version(connection) or "0")


def _create(connection: BaseDatabaseWrapper) -> None:
    try:
        # A savepoint, so that the sentence can be found out on a connection that still works.
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except DatabaseError as error:
        sentence = sentence_for(error, connection.settings_dict)
        if sentence is None:
            raise
        raise DatabaseProblem(sentence) from error


def _require_server(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        row = cursor.fetchone()
    major = int(row[0]) // 10000 if row else 0
    if major < MINIMUM_SERVER:
        raise DatabaseProblem(
            f"The server runs PostgreSQL {major}, and convoai needs {MINIMUM_SERVER} or newer: "
            "upgrade it, or point DATABASE_URL at a newer server."
        )


def _require_version(version: str) -> None:
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < MINIMUM_VECTOR:
        raise DatabaseProblem(
            f"The extension vector has version {version}, and convoai needs 0.7 or newer: "
            "install a newer pgvector on the server, then run `ALTER EXTENSION vector UPDATE;` "
            "in the database."
        )
