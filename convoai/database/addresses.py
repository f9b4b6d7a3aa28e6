"""DATABASE_URL read into Django's settings, and refused with one sentence when it is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

SCHEMES = ("postgresql", "postgres")
EXAMPLE = "postgresql://user:password@host:5432/conversation_ai"
# Connection parameters of PostgreSQL that have a place of their own in Django's settings.
OWN_PLACE = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}


def parse_url(url: str) -> dict[str, Any]:
    """NAME, USER, PASSWORD, HOST, PORT and OPTIONS from a PostgreSQL address.

    A socket folder may be the host (`%2Frun%2Fpostgresql`), come first in the path
    (`//run/postgresql/name`) or stand in the query (`?host=/run/postgresql`); everything else in
    the query goes to the driver. Raises ImproperlyConfigured; never repeats the password.
    """
    scheme = url.partition(":")[0].lower()
    if scheme not in SCHEMES:
        raise ImproperlyConfigured(_wrong_scheme(scheme))
    if "#" in url:
        raise ImproperlyConfigured(
            "DATABASE_URL holds a # that is not quoted: write special characters of the password "
            f"as %XX (# is %23, @ is %40, / is %2F), as in {EXAMPLE}."
        )
    try:
        parts = urlsplit(url)
        # Not the query: django-environ would read settings of Django from it.
        config = environ.Env.db_url_config(url.partition("?")[0])
    except ValueError:
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read (is the port a number from 1 to 65535, and are special "
            f"characters in the password written as %XX?): it must look like {EXAMPLE}."
        ) from None
    settings = {key: config[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    host = parts.netloc.rpartition("@")[2]
    if "%2f" in host.lower():
        # django-environ neither decodes a socket folder nor keeps its capital letters.
        settings["HOST"] = unquote(re.sub(r":\d*$", "", host))
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for parameter, place in OWN_PLACE.items():
        if parameter in options:
            settings[place] = options.pop(parameter)
    settings["NAME"] = options.pop("dbname", settings["NAME"])
    if not settings["NAME"]:
        raise ImproperlyConfigured(
            f"DATABASE_URL names no database: add its name at the end, as in {EXAMPLE}."
        )
    _require_files(options)
    return {**settings, "PORT": str(settings["PORT"]), "OPTIONS": options}


def _require_files(options: dict[str, str]) -> None:
    """The driver looks at them only when the server already agreed to SSL."""
    for parameter in ("sslrootcert", "sslcert", "sslkey"):
        path = options.get(parameter)
        if path and path != "system" and not Path(path).is_file():
            raise ImproperlyConfigured(
                f"The certificate file {path} does not exist: correct {parameter}= in DATABASE_URL."
            )


def _wrong_scheme(scheme: str) -> str:
    if scheme == "duckdb":
        return (
            "DATABASE_URL names a DuckDB file, and convoai keeps its data in PostgreSQL: set it "
            f"to {EXAMPLE} or remove it, and bring the old file in with "
            "`manage.py import_duckdb` (coming)."
        )
    known = {"sqlite", "sqlite3", "mysql", "mariadb", "oracle", "mssql", "mongodb", "redis"}
    # A word that is no scheme may be part of a secret; it is not repeated.
    what = f"begins with {scheme}:" if scheme in known else "does not begin with postgresql://"
    return (
        f"DATABASE_URL {what}, and convoai works with PostgreSQL only: set it to {EXAMPLE}, or "
        "remove it to use the bundled PostgreSQL."
    )
