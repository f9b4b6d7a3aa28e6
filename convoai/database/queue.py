"""The queue of background work in the database, and whether anybody works on it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import time
from datetime import timedelta

import psutil
from django.core.signing import b62_decode
from django.db.models.functions import Now
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import BadSignature, SignedPackage

# A row of the queue that no worker takes; its lock is when a worker last showed a sign of life.
HEARTBEAT = "heartbeat"
# Seconds between two signs of life, and after which silence means that nobody works.
BEAT = 5.0
SILENCE = timedelta(seconds=20)
# How long a job waits for a worker that has the SECRET_KEY it was signed with
KEPT = timedelta(days=2)
logger = logging.getLogger("convoai.database")


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
            sign = SignedPackage.dumps({"machine": socket.gethostname()})
            if not beats.update(lock=Now(), payload=sign):
                beats.create(key=HEARTBEAT, payload=sign, lock=Now())

    def fail(self, task_id: str) -> None:
        """Called for a job that another SECRET_KEY has signed.

        django-q would remove it, and with it the jobs of every machine that has the right key. It
        stays for two days, for a worker that can read it.
        """
        job = self.get_connection().filter(pk=task_id)
        payload = job.values_list("payload", flat=True).first()
        if payload is None or _age(payload) > KEPT:
            job.delete()
            return
        logger.error(
            "Job %s was signed with another SECRET_KEY, and waits for a worker that has it: set "
            "the same SECRET_KEY on all machines.",
            task_id,
        )


def stop_without_server() -> None:
    """End a worker whose web server was killed (see convoai.operations.background)."""
    server = os.environ.get("WORKER_STOPS_WITH")
    if server and psutil.Process(os.getppid()).ppid() != int(server):
        os.kill(os.getppid(), signal.SIGTERM)


def _age(payload: str) -> timedelta:
    """How long ago a row of the queue was signed, by whomever."""
    try:
        signed_at = b62_decode(payload.rsplit(":", 2)[1])
    except (IndexError, ValueError):
        return timedelta.max
    return timedelta(seconds=time.time() - signed_at)


def is_signed_by_us(payload: str) -> bool:
    """Whether a row of the queue was signed with this machine's SECRET_KEY."""
    try:
        SignedPackage.loads(payload)
    except BadSignature:
        return False
    return True


def is_worker_running() -> bool:
    """Whether a worker showed a sign of life in the last seconds."""
    return bool(OrmQ.objects.filter(key=HEARTBEAT, lock__gt=Now() - SILENCE).exists())
