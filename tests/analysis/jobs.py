"""A worker without its processes: what it does with one job."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django_q.models import OrmQ
from django_q.monitor import save_task
from django_q.signing import SignedPackage

from convoai.analysis.work import JobFailed, run, settle
from convoai.database.queue import HEARTBEAT, Broker


def show_a_worker() -> None:
    """A sign of life, as a running worker gives it."""
    OrmQ.objects.create(key=HEARTBEAT, payload="", lock=timezone.now())


def order_of(number: int) -> dict[str, Any]:
    """The task as a worker unpacks it."""
    task: dict[str, Any] = SignedPackage.loads(OrmQ.objects.get(pk=number).payload)
    return task


def work(number: int) -> None:
    """What a worker and its monitor do with a job; without waiting for its next try."""
    task = order_of(number)
    try:
        task.update(result=run(**task["kwargs"]), success=True)
    except JobFailed as failure:
        task.update(
            result=f"{failure} : Traceback (most recent call last): of what the talk says",
            success=False,
        )
    task.update(stopped=timezone.now(), ack_id=number, sync=True)
    settle(task=task)
    broker = Broker()
    save_task(task, broker)
    if task["ack_id"]:
        broker.acknowledge(number)
