"""What `manage.py` does around every command: look first, and end in a sentence."""

from __future__ import annotations

import os
import select
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
        try:
            _run(list(arguments))
        finally:
            sys.stdout.flush()
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
    except BrokenPipeError:
        if not _is_unread():
            raise
        return 128 + 13  # SIGPIPE
    return 0


def _is_unread() -> bool:
    """Whether the reader of the output had enough, as in `manage.py doctor | head`."""
    if not hasattr(select, "poll"):  # Windows
        return False
    poll = select.poll()
    poll.register(sys.stdout, 0)
    if not any(event & select.POLLERR for _, event in poll.poll(0)):
        return False
    # Else Python would try to write the rest at its end, and tell that it cannot.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def _run(arguments: list[str]) -> None:
    from convoai.database.preflight import needs_database, require_database

    if not needs_database(arguments[1:]):
        execute_from_command_line(arguments)
        return
    require_database()
    from convoai.database.replica.standing import wait_for_replica

    try:
        execute_from_command_line(arguments)
    finally:
        # Whoever sees that the command is over may look at what it did.
        wait_for_replica()


def _sentence(error: Exception) -> str | None:
    if isinstance(error, DatabaseProblem | ImproperlyConfigured):
        return sentence_for(error, {})
    from django.conf import settings

    return sentence_for(error, settings.DATABASES["default"])
