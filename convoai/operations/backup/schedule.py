"""Backups by the worker, every BACKUP_EVERY hours: a process of its own each time.

Inside the worker a long one would hold up everybody's analyses, and be ended by their time limit.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from django_q.models import Schedule

from convoai.database.transactions import write

NAME = "backup"
FUNCTION = "convoai.operations.backup.schedule.start_backup"
MAY_MAKE_DATABASES = """
SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user
"""
logger = logging.getLogger("convoai.operations")


def follow_setting(**_signal: Any) -> None:
    """Called when a worker starts."""
    try:
        set_schedule(hours=settings.BACKUP_EVERY)
    except DatabaseError as error:
        # The worker waits for the database by itself; its next start follows the setting.
        logger.warning("The schedule of backups was not looked at: %s", type(error).__name__)
    finally:
        close_old_connections()


@write
def set_schedule(*, hours: int) -> None:
    """Back up every so many hours from now on; 0 for never. What is set already stays as it is."""
    there = Schedule.objects.filter(name=NAME, func=FUNCTION)
    if not hours:
        there.delete()
    elif not there.filter(minutes=hours * 60).exists():
        there.delete()
        Schedule.objects.create(
            name=NAME,
            func=FUNCTION,
            schedule_type=Schedule.MINUTES,
            minutes=hours * 60,
            next_run=timezone.now(),
        )


def start_backup() -> None:
    """Start `manage.py backup` and leave it to itself; a failure is told in the worker's log."""
    process = subprocess.Popen(
        command(),
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # A worker that stops does not take half a backup with it.
        start_new_session=True,
    )
    Thread(target=watch, args=[process], daemon=True).start()


def command() -> list[str]:
    """The backup as it would be typed; verified where the role may make a database for that."""
    with connection.cursor() as cursor:
        cursor.execute(MAY_MAKE_DATABASES)
        (may_verify,) = cursor.fetchone()
    program = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "backup"]
    return [*program, f"--keep={settings.BACKUP_KEEP}", *(["--verify"] if may_verify else [])]


def watch(process: subprocess.Popen[bytes]) -> None:
    """Wait for the backup's end, and log that it failed if it did."""
    if process.wait():
        logger.error("The scheduled backup failed; what it said stands before this line.")
