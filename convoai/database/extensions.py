"""Which PostgreSQL and which pgvector convoai needs, and how pgvector comes into a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from django.db import DatabaseError, transaction

from convoai.database.problems import DatabaseProblem, sentence_for

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations.state import StateApps

MINIMUM_SERVER = 15
MINIMUM_VECTOR = (0, 7)


class Connection(Protocol):
    """Django's connection, or the driver's own."""

    def cursor(self) -> Any: ...


def ensure_vector(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Migration step: pgvector is installed and new enough afterwards.

    Needs no special right when the extension is already there. Raises DatabaseProblem with one
    sentence when the server is too old, the extension is missing or too old, or a right is.
    """
    connection = schema_editor.connection
    require_server(connection)
    if vector_version(connection) is None:
        _create(schema_editor)
    require_vector(connection)


def vector_version(connection: Connection) -> str | None:
    """The version of pgvector in this database, or None when it is not installed in it."""
    return _value(connection, "SELECT extversion FROM pg_extension WHERE extname = 'vector'")


def server_version(connection: Connection) -> str:
    """The server's version as it tells it: "18.4"."""
    return _value(connection, "SHOW server_version") or ""


def require_server(connection: Connection) -> None:
    """Raises DatabaseProblem when the server is older than convoai needs."""
    major = int(_value(connection, "SHOW server_version_num") or 0) // 10_000
    if major < MINIMUM_SERVER:
        raise DatabaseProblem(
            f"The server runs PostgreSQL {major}, and convoai needs {MINIMUM_SERVER} or newer: "
            "upgrade it, or point DATABASE_URL at a newer server."
        )


def require_vector(connection: Connection) -> None:
    """Raises DatabaseProblem when pgvector is in the database and older than convoai needs."""
    version = vector_version(connection)
    if version is not None and is_too_old(version):
        raise DatabaseProblem(
            f"The extension vector has version {version}, and convoai needs "
            f"{'.'.join(map(str, MINIMUM_VECTOR))} or newer: install a newer pgvector on the "
            "server, then run `ALTER EXTENSION vector UPDATE` in the database."
        )


def is_too_old(version: str) -> bool:
    """Whether a version of pgvector ("0.6.2") is older than convoai needs."""
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < MINIMUM_VECTOR


def _create(schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    try:
        # A savepoint, so that the transaction of the migration still works for who catches this.
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except DatabaseError as error:
        sentence = sentence_for(error, connection.settings_dict)
        if sentence is None:
            raise
        raise DatabaseProblem(sentence) from error


def _value(connection: Connection, query: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    return None if row is None else str(row[0])
