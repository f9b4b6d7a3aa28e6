"""Keeps the record of statement times of this process: names routes, stores now and then."""

from __future__ import annotations

import atexit
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.db import Error as DjangoDatabaseError
from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from convoai.database import statement_times
from convoai.database.preflight import WITHOUT_DATABASE
from convoai.database.problems import DatabaseProblem
from convoai.operations.metrics.middleware import METHODS, route_of
from convoai.operations.statements.storing import forget_old_times, store_times, today

# Seconds between a first statement and its being stored. Times of a process that is killed in
# between are lost.
EVERY = 20.0
# They look at the record or at the server, make the tables anew, or are not convoai's own work.
NOT_RECORDED = WITHOUT_DATABASE | {
    *("analyze_tables", "explain", "slow_queries", "checklist"),
    *("backup", "restore", "verify_backup", "migrate", "flush", "shell", "dbshell"),
}
NO_ROUTE = "(no route)"
logger = logging.getLogger("convoai.operations")
_forgotten_on: list[object] = []


def start_recording(route: str) -> None:
    """Record this process's statements if the settings want it, and store them every EVERY s."""
    if settings.STATEMENT_TIMES and not statement_times.is_on():
        statement_times.switch_on(route, store_later)
        atexit.register(store)


def start_for_command() -> None:
    """The same in a `manage.py` process, named after its command."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    if Path(sys.argv[0]).name == "manage.py" and words and words[0] not in NOT_RECORDED:
        start_recording(f"command {words[0]}")


def store_later() -> None:
    """Called with the first statement since the last storing: store in a while, in a thread.

    So no request waits for it, and a process at rest has nothing to do.
    """
    timer = threading.Timer(EVERY, store)
    timer.daemon = True
    try:
        timer.start()
    except RuntimeError:
        return  # the process is ending, and stores at its end


def store() -> bool:
    """Add what was counted to the table; return whether that worked. Raises nothing of the
    database's: without it, the counts wait in memory."""
    taken = statement_times.record.take()
    if not taken:
        return True
    with statement_times.recorded_as(""):
        try:
            store_times(taken=taken)
            if _forgotten_on != [today()]:
                forget_old_times()
                _forgotten_on[:] = [today()]
        except (DjangoDatabaseError, DatabaseProblem, ImproperlyConfigured, psycopg2.Error) as why:
            logger.debug("Statement times were not stored: %s", type(why).__name__)
            statement_times.record.give_back(taken)
            statement_times.tell_of_entries()
            return False
        finally:
            if not connection.in_atomic_block:
                connection.close()
    return True


class RouteMiddleware:
    """Says to whom a request's statements belong: `GET /api/partners/<int:pk>`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.STATEMENT_TIMES:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        statement_times.set_route(NO_ROUTE)
        try:
            return self.get_response(request)
        finally:
            statement_times.set_route(None)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        # Only methods that are known: the client may send any word.
        method = request.method if request.method in METHODS else "other"
        statement_times.set_route(f"{method} {route_of(request)}")


def name_job(task: dict[str, Any], **_signal: Any) -> None:
    """Called in the worker before each job: its statements belong to it."""
    function = task.get("func")
    name = function if isinstance(function, str) else getattr(function, "__qualname__", "unknown")
    statement_times.set_route(f"job {name.removeprefix('convoai.')}")
