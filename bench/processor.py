"""Processor time of the web server and of PostgreSQL, which a busy machine hardly bends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import psutil


class Spent(NamedTuple):
    """Seconds of processor time since their start."""

    server: float
    database: float

    def since(self, before: Spent) -> Spent:
        return Spent(self.server - before.server, self.database - before.database)


def spent(server_pid: int) -> Spent:
    """What the web server's processes and the database's connections have used so far.

    A database on another machine counts as 0.
    """
    server = psutil.Process(server_pid)
    return Spent(
        seconds_of([server_pid, *(child.pid for child in server.children(recursive=True))]),
        seconds_of(_backends()),
    )


def _backends() -> list[int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'convoai'"
            " AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def seconds_of(pids: Iterable[int]) -> float:
    """What these processes have used so far; 0 for those that are gone."""
    total = 0.0
    for pid in pids:
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total
