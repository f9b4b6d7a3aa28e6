"""The worker copies the ledger every few minutes."""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from django_q.models import Schedule

from convoai.database.transactions import write
from convoai.operations.erasures.copying import copy_ledger
from convoai.refusals import Refusal

NAME = "copy of the ledger of deletions"
FUNCTION = "convoai.operations.erasures.schedule.copy_regularly"
# What is deleted within so many minutes before the database is lost is not in the copy.
MINUTES = 10
logger = logging.getLogger("convoai.operations")


def keep_copying(**_signal: Any) -> None:
    """Called when a worker starts."""
    try:
        set_schedule()
    except DatabaseError as error:
        # The worker waits for the database by itself; its next start sees to it.
        logger.warning("The schedule of the ledger was not looked at: %s", type(error).__name__)
    finally:
        close_old_connections()


@write
def set_schedule() -> None:
    """Copy every MINUTES from now on; what is set already stays as it is."""
    there = Schedule.objects.filter(name=NAME, func=FUNCTION)
    if not there.filter(minutes=MINUTES).exists():
        there.delete()
        Schedule.objects.create(
            name=NAME,
            func=FUNCTION,
            schedule_type=Schedule.MINUTES,
            minutes=MINUTES,
            next_run=timezone.now(),
        )


def copy_regularly() -> None:
    """Copy the ledger; a failure is told in the worker's log."""
    try:
        copy_ledger()
    except Refusal as refusal:
        logger.error("%s", refusal.message)
