"""What the doctor says when the settings themselves cannot be read.

Django does not run a command then; `manage.py` asks here before it ends in a sentence.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from convoai.operations.doctor.report import as_json, lines
from convoai.operations.findings import error, exit_code


def answer(arguments: Sequence[str], sentence: str) -> int | None:
    """Print the finding and return the exit code, when it was the doctor that was called.

    `arguments` are those of the command line, the program's name first; `sentence` is what was
    wrong, a colon, and the fix.
    """
    if list(arguments[1:2]) != ["doctor"]:
        return None
    what, _, fix = sentence.partition(": ")
    name = "database.url" if "DATABASE_URL" in what else "settings.unreadable"
    hint = fix[:1].upper() + fix[1:] or "See docs/configuration.md."
    found = [error(name, what if what.endswith(".") else f"{what}.", hint)]
    told = as_json(found) if "--json" in arguments else "\n".join(lines(found))
    sys.stdout.write(f"{told}\n")
    return exit_code(found)
