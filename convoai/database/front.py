"""What `manage.py` does around every command: look first, and end in a sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error as DjangoDatabaseError

from convoai.database.problems import DatabaseProblem, sentence_for

# Gets the command line and the sentence; returns the exit code when it has said it itself.
Answer = Callable[[Sequence[str], str], int | None]


def run(arguments: Sequence[str], answer: Answer | None = None) -> int:
    """Run the command line `arguments` (with the program's name first); return the exit code.

    A wrong set-up is told in one sentence on stderr, with exit code 1; anything unknown is
    raised as it is. Settings that cannot be read are told by `answer` if it wants to.
    """
    try:
        _run(list(arguments))
    except (DatabaseProblem, ImproperlyConfigured, DjangoDatabaseError) as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        if answer is not None and isinstance(error, ImproperlyConfigured):
            code = answer(arguments, sentence)
            if code is not None:
                return code
        sys.stderr.write(f"{sentence}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _run(arguments: list[str]) -> None:
    from convoai.database.preflight import needs_database, require_database

    if needs_database(arguments[1:]):
        require_database()
    execute_from_command_line(arguments)


def _sentence(error: Exception) -> str | None:
    if isinstance(error, DatabaseProblem | ImproperlyConfigured):
        return sentence_for(error, {})
    from django.conf import settings

    return sentence_for(error, settings.DATABASES["default"])
