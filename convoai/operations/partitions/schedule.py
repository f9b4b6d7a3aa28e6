"""The next partitions and the statistics of the whole, made once a day by the worker."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from django_q.models import Schedule

from convoai.database.transactions import write
from convoai.operations.backup.server import configured_server
from convoai.operations.partitions.ensuring import ensure
from convoai.operations.partitions.layouts import is_partitioned
from convoai.refusals import Refusal

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
    """Nothing to do for ordinary tables; what cannot be made is told in the worker's log."""
    with connection.cursor() as cursor:
        if not is_partitioned(cursor):
            return
    try:
        made = ensure(server=configured_server())
        with configured_server().connect() as found, found.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            # Autovacuum looks at partitions, never at what they are together.
            cursor.execute("ANALYZE conversations, messages")
    except Refusal as refusal:
        logger.error("The next partitions were not made: %s", refusal.message)
    else:
        if made:
            logger.info("Made the partitions %s.", ", ".join(made))
