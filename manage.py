#!/usr/bin/env python
"""convoai's commands: `manage.py help` lists them."""

import os
import sys


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "convoai.settings")
    try:
        from convoai.database.front import run
        from convoai.operations.doctor.unreadable import answer
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("convoai"):
            raise
        sys.stderr.write(
            f"The package {error.name} is not installed here: use the virtual environment "
            "(.venv/bin/python manage.py), or run `pip install -r requirements.txt`.\n"
        )
        return 1
    return run(sys.argv, answer)


if __name__ == "__main__":
    sys.exit(main())
