"""The next partitions and the statistics of the whole, made once a day by the worker."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from django_q.models import Schedule

from convoai.database.transactions import write
from convoai.operations.partitions.layouts import is_partitioned

NAME = "partitions"
FUNCTION = "convoai.operations.partitions.schedule.make_next_partitions"
logger = logging.getLogger("convoai.operations")


def follow_layout(**_signal: Any) -> None:
    """Called when a worker starts."""
    try:
        set_schedule()
    except DatabaseError as error:
        # The worker waits for the database by itself; its next start looks again.
        logger.warning("The schedule of partitions was not set: %s", type(error).__name__)
    finally:
        close_old_connections()


@write
def set_schedule() -> None:
    """Once a day from now on; what is set already stays as it is."""
    Schedule.objects.get_or_create(
        name=NAME,
        defaults={
            "func": FUNCTION,
            # Not kept among the results, where it would crowd out those of analyses.
            "kwargs": "q_options={'save': False}",
            "schedule_type": Schedule.DAILY,
            "next_run": timezone.now() + timedelta(minutes=5),
        },
    )


def make_next_partitions() -> None:
    """Start `manage.py partition ensure`; nothing to do for ordinary tables.

    A process of its own, because commands reach PostgreSQL directly where the worker goes through
    a pooler. A failure is told in the worker's log.
    """
    with connection.cursor() as cursor:
        if not is_partitioned(cursor):
            return
    process = subprocess.Popen(
        [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "partition", "ensure"],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    Thread(target=watch, args=[process], daemon=True).start()


def watch(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end, and log a failure."""
    if process.wait():
        logger.error("The next partitions were not made; what was said stands before this line.")
