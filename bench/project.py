"""Makes a script here a program of the project: its settings, its database, its schema."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def set_up() -> Path:
    """Load Django on the benchmark's own database and bring its schema up to date.

    Returns the data folder: DATA_DIR, or `.data-bench`, never the `.data` that one works with.
    `.env` is not followed to another database; a DATABASE_URL in the environment is.
    """
    os.chdir(ROOT)
    data_dir = Path(os.environ.setdefault("DATA_DIR", ".data-bench"))
    os.environ.setdefault("DATABASE_URL", "")
    # As in production: with DEBUG on, Django keeps the text of every query.
    os.environ.update(
        DEBUG="false",
        HTTPS="false",
        SINGLE_USER_CONFIRMED="true",
        DB_STATEMENT_TIMEOUT="0",
        DJANGO_SETTINGS_MODULE="convoai.settings",
    )
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    if "BUNDLED_DATA_DIR" in settings.DATABASES["default"]:
        from convoai.database import bundled

        bundled.start(settings.DATA_DIR)
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    return data_dir
