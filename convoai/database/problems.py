"""One sentence for each way the database can be set up wrongly, with the command that mends it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import psycopg2
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db.utils import Error as DjangoDatabaseError

from convoai.database.sentences import CONNECTING, WORKING

Settings = Mapping[str, Any]


class DatabaseProblem(Exception):
    """The database cannot be used as it is set up; the message is one sentence for a person."""


class PoolExhausted(OperationalError):
    """Every connection that this process may open is in use; a web request answers 503."""


def sentence_for(error: BaseException, settings: Settings) -> str | None:
    """The sentence that names the cause of `error` and its fix, or None when it is not known.

    `error` is what Django or the driver raised; `settings` is the DATABASES entry. Never holds
    the password.
    """
    if isinstance(error, DatabaseProblem | ImproperlyConfigured | PoolExhausted):
        return _one_line(str(error))
    if not isinstance(error, DjangoDatabaseError | psycopg2.Error):
        return None
    # Raised by the backend itself while starting the bundled server: already a sentence.
    if isinstance(error.__cause__, DatabaseProblem):
        return _one_line(str(error.__cause__))
    said = str(error)
    driver_error = error if isinstance(error, psycopg2.Error) else error.__cause__
    # An error of a statement has a code; its words may hold anything, also those of the others.
    has_code = getattr(driver_error, "pgcode", None) is not None
    for pattern, sentence in WORKING if has_code else WORKING + CONNECTING:
        found = re.search(pattern, said, re.IGNORECASE)
        if found:
            return sentence.format_map(_words(settings, said) | _named(found))
    return None


def connection_sentence(error: BaseException, settings: Settings) -> str:
    """As `sentence_for`, for an error while connecting: what is not known is quoted."""
    known = sentence_for(error, settings)
    if known is not None:
        return known
    words = _words(settings, str(error))
    return (
        f"The database at {words['where']} cannot be used ({words['said']}): correct DATABASE_URL."
    )


def _words(settings: Settings, said: str) -> dict[str, str]:
    host = str(settings.get("HOST") or "localhost")
    port = str(settings.get("PORT") or "5432")
    user = str(settings.get("USER") or "of this system")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return {
        "host": host,
        "where": host if host.startswith("/") else f"{host}:{port}",
        "at": f"--host={host} --port={port}",
        "user": user,
        "role": user,
        "name": str(settings.get("NAME") or ""),
        "said": lines[-1].rstrip(".") if lines else "it gave no reason",
    }


def _named(found: re.Match[str]) -> dict[str, str]:
    return {name: value for name, value in found.groupdict().items() if value}


def _one_line(text: str) -> str:
    return " ".join(text.split())
