"""The queue of background work in the database, and whether anybody works on it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from datetime import timedelta

import psutil
from django.db.models.functions import Now
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

# A row of the queue that no worker takes; its lock is when a worker last showed a sign of life.
HEARTBEAT = "heartbeat"
# Seconds between two signs of life, and after which silence means that nobody works.
BEAT = 5.0
SILENCE = timedelta(seconds=20)


class Broker(ORM):
    """django-q's queue in the database, whose workers show a sign of life there.

    django-q keeps its own in Django's cache, which processes do not share here.
    """

    _next_beat = 0.0

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """Called about once a second by the process that guards the workers, busy or not."""
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            # Killed without a chance to say so: nobody else would ever end this process.
            raise SystemExit("The process that started the workers is gone.")
        beats = self.get_connection().filter(key=HEARTBEAT)
        if str(SignedPackage.loads(value).status) in {str(Conf.STOPPING), str(Conf.STOPPED)}:
            if self._next_beat:
                beats.delete()
            self._next_beat = 0.0
        elif time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + BEAT
            stop_without_server()
            # The database's clock: the web server may run on another machine.
            if not beats.update(lock=Now()):
                beats.create(key=HEARTBEAT, payload="", lock=Now())


def stop_without_server() -> None:
    """End a worker whose web server was killed (see convoai.operations.background)."""
    server = os.environ.get("WORKER_STOPS_WITH")
    if server and psutil.Process(os.getppid()).ppid() != int(server):
        os.kill(os.getppid(), signal.SIGTERM)


def is_worker_running() -> bool:
    """Whether a worker showed a sign of life in the last seconds."""
    return bool(OrmQ.objects.filter(key=HEARTBEAT, lock__gt=Now() - SILENCE).exists())
