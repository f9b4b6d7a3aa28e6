"""The look at the database before a command that needs it, so that a wrong set-up is one sentence.

Without it the sentence would drown: runserver looks for the database in a thread of a child
process, and gunicorn would restart a worker for ever.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connection

from convoai.database.extensions import require_server, require_vector
from convoai.database.problems import DatabaseProblem, connection_sentence

# Commands that work without a database, or (the last ones) look after it themselves.
WITHOUT_DATABASE = frozenset(
    {
        "check",
        "check_templates",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "findstatic",
        "help",
        "makemessages",
        "makemigrations",
        "spectacular",
        "startapp",
        "startproject",
        "test",
        "testserver",
        "version",
        "database",
        "doctor",
        "production_check",
        "setup_database",
        "tune",
    }
)


def needs_database(arguments: Sequence[str]) -> bool:
    """Whether `manage.py` with these arguments (without its own name) works with the database."""
    words = [argument for argument in arguments if not argument.startswith("-")]
    if not words or {"-h", "--help", "--version"} & set(arguments):
        return False
    return words[0] not in WITHOUT_DATABASE


def require_database() -> None:
    """Return when the database of the settings can be worked with; the bundled one is started.

    Raises DatabaseProblem or ImproperlyConfigured with one sentence.
    """
    values: dict[str, Any] = settings.DATABASES["default"]
    try:
        found = _connect(values)
    except psycopg2.Error as error:
        raise DatabaseProblem(connection_sentence(error, values)) from error
    try:
        require_server(found)
        require_vector(found)
    except psycopg2.Error as error:
        raise DatabaseProblem(connection_sentence(error, values)) from error
    finally:
        found.close()


def _connect(values: dict[str, Any]) -> Any:
    # Past Django's own connection: it warns until all apps are loaded, and loading them here
    # would take from runserver its patience with a half-written file.
    parameters = connection.get_connection_params()
    data_dir = values.get("BUNDLED_DATA_DIR")
    if not data_dir:
        return psycopg2.connect(**parameters)
    from convoai.database import bundled

    # The child that runserver starts anew after each change of a file asks for nothing new.
    start = bundled.ensure if os.environ.get("RUN_MAIN") == "true" else bundled.start
    start(Path(data_dir))
    try:
        return psycopg2.connect(**parameters)
    except psycopg2.OperationalError:
        # Somebody dropped the database or the role.
        bundled.repair(Path(data_dir))
        return psycopg2.connect(**parameters)
