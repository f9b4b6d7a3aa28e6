"""Make role, database, extension and rights from an administrator's address."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

import psycopg2
from django.core.exceptions import ImproperlyConfigured
from psycopg2.extensions import encrypt_password

from convoai.database.addresses import parse_url
from convoai.database.configuration import CONNECT_TIMEOUT
from convoai.database.extensions import require_vector
from convoai.database.problems import DatabaseProblem, connection_sentence, sentence_for
from convoai.operations.database_setup.planning import (
    Step,
    Wanted,
    database_steps,
    role_exists,
    server_steps,
)
from convoai.operations.database_setup.problem import SetupProblem

Told = Callable[[str], None]
# Where an address does not know the password of a role that was there before.
UNKNOWN = "PASSWORD"


def set_up(
    admin_url: str,
    *,
    role: str,
    database: str,
    new_password: bool = False,
    dry_run: bool = False,
    tell: Told,
) -> str:
    """Make what is missing, telling each step; return the DATABASE_URL of what was made.

    A role that is there keeps its password, which the address then does not hold, unless a new
    one is wanted. Run again, it goes on where it stopped. Raises SetupProblem.
    """
    admin = _parsed(admin_url)
    password = None
    with _connected(admin) as cursor:
        if new_password or not role_exists(cursor, role):
            password = secrets.token_urlsafe(32)
        # Hashed here, so that the password itself is in no statement and no log.
        verifier = (
            encrypt_password(password, role, cursor.connection, "scram-sha-256")
            if password
            else None
        )
        wanted = Wanted(role, database, verifier)
        steps = server_steps(cursor, wanted)
        is_new = not _database_exists(cursor, database)
        _take(cursor, steps, admin, dry_run=dry_run, tell=tell)
    if dry_run and is_new:
        _take(None, database_steps(None, wanted), admin, dry_run=True, tell=tell)
    else:
        with _connected({**admin, "NAME": database}) as cursor:
            _take(cursor, database_steps(cursor, wanted), admin, dry_run=dry_run, tell=tell)
    made = {**admin, "USER": role, "PASSWORD": password or UNKNOWN, "NAME": database}
    if password and not dry_run:
        _require_usable(made)
    return address_of({**made, "PASSWORD": UNKNOWN} if dry_run else made)


def address_of(values: Mapping[str, Any]) -> str:
    """A PostgreSQL address of settings as `parse_url` gives them; the way back."""
    host = str(values["HOST"] or "localhost")
    host = quote(host, safe="") if host.startswith("/") else host
    port = f":{values['PORT']}" if values["PORT"] else ""
    user, password = quote(str(values["USER"]), safe=""), quote(str(values["PASSWORD"]), safe="")
    query = f"?{urlencode(values['OPTIONS'])}" if values["OPTIONS"] else ""
    return f"postgresql://{user}:{password}@{host}{port}/{quote(values['NAME'], safe='')}{query}"


def _parsed(url: str) -> dict[str, Any]:
    try:
        values = parse_url(url)
    except ImproperlyConfigured as error:
        raise SetupProblem(_renamed(str(error))) from None
    return {**values, "OPTIONS": dict(values["OPTIONS"])}


@contextmanager
def _connected(values: Mapping[str, Any]) -> Iterator[Any]:
    """A cursor in autocommit, for CREATE DATABASE refuses to run in a transaction."""
    given = {
        "host": values["HOST"] or None,
        "port": values["PORT"] or None,
        "user": values["USER"] or None,
        "password": values["PASSWORD"] or None,
        "dbname": values["NAME"],
        "connect_timeout": CONNECT_TIMEOUT,
        **values["OPTIONS"],
    }
    try:
        connection = psycopg2.connect(**{key: one for key, one in given.items() if one is not None})
    except psycopg2.Error as error:
        raise SetupProblem(_renamed(connection_sentence(error, values))) from None
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _take(
    cursor: Any | None, steps: list[Step], admin: Mapping[str, Any], *, dry_run: bool, tell: Told
) -> None:
    for step in steps:
        tell(step.what)
        if dry_run or cursor is None:
            continue
        try:
            cursor.execute(step.statement)
        except psycopg2.Error as error:
            raise SetupProblem(_failed(step, error, admin)) from None


def _failed(step: Step, error: psycopg2.Error, admin: Mapping[str, Any]) -> str:
    if "extension" in step.what and isinstance(error, psycopg2.errors.InsufficientPrivilege):
        return (
            "The user of --admin-url may not create the extension vector: switch it on in the "
            "provider's console, or let a superuser run `CREATE EXTENSION vector` in the database, "
            "then run this again with --new-password."
        )
    # The first line; the statement itself, which may follow, holds the hashed password.
    said = (error.diag.message_primary or "no reason was given").rstrip(".")
    return sentence_for(error, admin) or f"Could not {step.what} ({said}): see the server's log."


def _require_usable(made: Mapping[str, Any]) -> None:
    with _connected(made) as cursor:
        try:
            require_vector(cursor.connection)
        except DatabaseProblem as problem:
            raise SetupProblem(str(problem)) from None


def _database_exists(cursor: Any, name: str) -> bool:
    cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
    return bool(cursor.rowcount)


def _renamed(sentence: str) -> str:
    return sentence.replace("DATABASE_URL", "--admin-url")
