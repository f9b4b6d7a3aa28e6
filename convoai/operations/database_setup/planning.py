"""What is still to be done on a server, found by looking; nothing is changed here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg2 import sql

from convoai.database.extensions import MINIMUM_SERVER
from convoai.operations.database_setup.problem import SetupProblem

# Values of statements stay out of the server's log, for they are what people said.
SILENT_LOG = {"log_min_error_statement": "panic", "log_min_messages": "log"}


@dataclass(frozen=True)
class Wanted:
    """The role and the database to make; `verifier` is the role's new password, hashed."""

    role: str
    database: str
    verifier: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Step:
    """One change: in words, and as SQL."""

    what: str
    statement: sql.Composable = field(repr=False)


def role_exists(cursor: Any, role: str) -> bool:
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
    return bool(cursor.rowcount)


def _require_fit_server(cursor: Any) -> int:
    """The server's major version. Raises SetupProblem when convoai cannot work there."""
    major = _administrator(cursor)[0] // 10_000
    if major < MINIMUM_SERVER:
        raise SetupProblem(
            f"The server runs PostgreSQL {major}, and convoai needs {MINIMUM_SERVER} or "
            "newer: upgrade it, or name another server."
        )
    if not _has(cursor, "SELECT FROM pg_available_extensions WHERE name = 'vector'"):
        raise SetupProblem(
            "The server lacks pgvector, which convoai needs: install it there (Debian: `sudo apt "
            f"install postgresql-{major}-pgvector`), then run this again."
        )
    return major


def server_steps(cursor: Any, wanted: Wanted) -> list[Step]:
    """Role, membership and database. Raises SetupProblem when they cannot be made."""
    major = _require_fit_server(cursor)
    _, is_super, may_role, may_database = _administrator(cursor)
    role = sql.Identifier(wanted.role)
    steps = []
    is_new = not role_exists(cursor, wanted.role)
    if is_new and not (is_super or may_role):
        raise SetupProblem(
            "The user of --admin-url may not make roles: name one with CREATEROLE and CREATEDB "
            "(managed servers: the administrator that came with it)."
        )
    if is_new or wanted.verifier is not None:
        action = "CREATE ROLE {} LOGIN PASSWORD {}" if is_new else "ALTER ROLE {} LOGIN PASSWORD {}"
        what = "make the role" if is_new else "give a new password to the role"
        password = sql.Literal(wanted.verifier)
        steps.append(Step(f"{what} {wanted.role}", sql.SQL(action).format(role, password)))
    cursor.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [wanted.database]
    )
    owner = cursor.fetchone()
    if owner is not None:
        if owner[0] != wanted.role:
            raise SetupProblem(
                f"The database {wanted.database} belongs to {owner[0]}, not to {wanted.role}: name "
                "another one with --database, or its owner with --role."
            )
        return steps
    if not (is_super or may_database):
        raise SetupProblem(
            "The user of --admin-url may not make databases: name one with CREATEDB, or make it in "
            f"the provider's console, owned by {wanted.role}, and run this again."
        )
    is_member = is_super or (not is_new and _is_member(cursor, wanted.role))
    return steps + _new_database(wanted, major, is_member=is_member)


def _new_database(wanted: Wanted, major: int, *, is_member: bool) -> list[Step]:
    role, database = sql.Identifier(wanted.role), sql.Identifier(wanted.database)
    steps = []
    if not is_member:
        # Only a member of a role may give it a database.
        grant = sql.SQL("GRANT {} TO CURRENT_USER").format(role)
        steps.append(Step(f"let the administrator act as {wanted.role}", grant))
    create = sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
        database, role
    )
    steps.append(Step(f"make the database {wanted.database}", create + sql.SQL(_locale(major))))
    steps.append(
        Step(
            f"let nobody but {wanted.role} connect to it",
            sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database),
        )
    )
    return steps


def database_steps(cursor: Any | None, wanted: Wanted) -> list[Step]:
    """Extension, rights and log in the database; `cursor` None: it is not there yet."""
    role, database = sql.Identifier(wanted.role), sql.Identifier(wanted.database)
    steps = []
    if cursor is None or not _has(cursor, "SELECT FROM pg_extension WHERE extname = 'vector'"):
        steps.append(
            Step(
                "put the extension vector into it",
                sql.SQL("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public"),
            )
        )
    if cursor is None:
        return steps
    cursor.execute(
        "SELECT has_schema_privilege(%s, 'public', 'CREATE') "
        "AND has_schema_privilege(%s, 'public', 'USAGE')",
        [wanted.role, wanted.role],
    )
    if not cursor.fetchone()[0]:
        grant = sql.SQL("GRANT CREATE, USAGE ON SCHEMA public TO {}").format(role)
        steps.append(Step(f"let {wanted.role} make tables", grant))
    if _administrator(cursor)[1]:
        for name, value in SILENT_LOG.items():
            if not _has(
                cursor,
                "SELECT FROM pg_db_role_setting JOIN pg_database ON oid = setdatabase "
                "WHERE datname = current_database() AND setrole = 0 AND %s = ANY(setconfig)",
                f"{name}={value}",
            ):
                silence = sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                    database, sql.Identifier(name), sql.Literal(value)
                )
                steps.append(Step(f"keep people's words out of the log ({name})", silence))
    return steps


def _administrator(cursor: Any) -> tuple[int, bool, bool, bool]:
    """The server's version number, and whether we are superuser, may make roles, databases."""
    cursor.execute(
        "SELECT current_setting('server_version_num')::int, rolsuper, rolcreaterole, rolcreatedb "
        "FROM pg_roles WHERE rolname = current_user"
    )
    number, is_super, may_role, may_database = cursor.fetchone()
    return number, is_super, may_role, may_database


def _is_member(cursor: Any, role: str) -> bool:
    cursor.execute("SELECT pg_has_role(%s, 'USAGE')", [role])
    return bool(cursor.fetchone()[0])


def _has(cursor: Any, query: str, *values: str) -> bool:
    cursor.execute(query, values or None)
    return bool(cursor.rowcount)


def _locale(major: int) -> str:
    """Lower-casing for every script, the same on every machine, where the server can."""
    if major >= 18:
        return " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'"
    return " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'" if major == 17 else ""
