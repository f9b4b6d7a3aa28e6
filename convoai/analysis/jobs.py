"""Analyses that run in the background: queued and followed. convoai.analysis.work carries them out.

A job has no table of its own. Its number is that of its row in django-q's queue; django-q's task
gets the same number as id, and stands from the moment the job is queued. Both hold numbers and
reasons only, never a person's words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ, Task
from django_q.signing import SignedPackage

from conversations.models import Conversation
from convoai.analysis.services import already_analyzed
from convoai.database.transactions import write
from convoai.refusals import Refusal

KIND = "analysis"
FUNCTION = "convoai.analysis.work.run"
# What waits for a worker, for its next try, or is being done.
OPEN = frozenset({"queued", "running", "failed_retryable"})
# How long the result of a job can be asked for.
KEPT = timedelta(days=2)
# Seconds after which somebody with too many jobs may look again.
LATER = 60
# The key of what a task holds instead of a result while it waits for another try.
POSTPONED = "postponed"


@dataclass(frozen=True)
class Job:
    """A job as its owner sees it; `result` counts what the talk has given.

    `retry_at` is when a job that failed is tried again.
    """

    id: int
    conversation_id: int
    status: str
    result: Mapping[str, int] | None = None
    error: str | None = None
    retry_at: datetime | None = None
    kind: str = KIND


@write
def queue_analysis(*, conversation: Conversation, force: bool = False) -> Job:
    """Queue the analysis of a talk; return the job.

    A talk that has a job already keeps it. Raises Refusal `already_analyzed`, as analysing at once
    would, and `too_many_jobs`.
    """
    # Of two requests at once, the second finds the job of the first.
    talk = (
        Conversation.objects.select_for_update(no_key=True)
        .only("is_analyzed")
        .get(pk=conversation.pk)
    )
    if talk.is_analyzed and not force:
        raise already_analyzed(conversation)
    owner = conversation.user_id
    open_already = open_job(owner, conversation.pk)
    if open_already is not None:
        return open_already
    if count_waiting(owner) >= settings.JOBS_PER_USER:
        message = f"{settings.JOBS_PER_USER} jobs wait already; ask again when some are done."
        raise Refusal("too_many_jobs", message, retry_after=LATER)
    forget_old_results()
    now = timezone.now()
    row = OrmQ.objects.create(key=Conf.CLUSTER_NAME, payload="", lock=now)
    order = {"number": row.pk, "owner_id": owner, "conversation_id": talk.pk, "force": force}
    task = {
        **identity(row.pk),
        "func": FUNCTION,
        "args": (),
        "kwargs": order,
        "group": group_of(owner, talk.pk),
        "started": now,
    }
    row.payload = SignedPackage.dumps({**task, "ack_failure": True})
    row.save(update_fields=["payload"])
    Task.objects.create(**task, stopped=now, success=False)
    return Job(int(row.pk), talk.pk, "queued")


def find_job(owner_id: int | None, number: int) -> Job | None:
    """The owner's job of that number; None for none, and for somebody else's."""
    # In this order: a task is stored before its row leaves the queue.
    row = OrmQ.objects.filter(pk=number).first()
    task = Task.objects.filter(pk=identity(number)["id"], func=FUNCTION).first()
    order = task.kwargs if task else row and row.payload and row.kwargs()
    if owner_id is None or not order or order.get("owner_id") != owner_id:
        return None
    if "conversation_id" not in order:
        return None  # work of another kind
    talk = order["conversation_id"]
    if task and isinstance(task.result, Mapping) and POSTPONED in task.result and row:
        reason = task.result[POSTPONED]
        return Job(number, talk, "failed_retryable", error=reason, retry_at=row.lock)
    if task and task.success:
        return Job(number, talk, "done", result=task.result)
    if task and isinstance(task.result, str):
        return Job(number, talk, "failed", error=task.result)
    if row is None:
        return Job(number, talk, "failed", error="The result was lost; ask for the analysis again.")
    # The lock lies ahead while a worker has the row; one that was killed loses it.
    is_taken = bool(order.get("begun")) and row.lock > timezone.now()
    return Job(number, talk, "running" if is_taken else "queued")


def open_job(owner_id: int, conversation_id: int) -> Job | None:
    """The job of a talk that is not over yet."""
    tasks = Task.objects.filter(group=group_of(owner_id, conversation_id), success=False)
    for pk in tasks.order_by("-pk").values_list("pk", flat=True):
        job = find_job(owner_id, int(pk))
        if job is not None and job.status in OPEN:
            return job
    return None


def count_waiting(owner_id: int) -> int:
    """How many jobs of the owner are in the queue."""
    tasks = Task.objects.filter(group__startswith=group_of(owner_id), success=False)
    numbers = [int(pk) for pk in tasks.values_list("pk", flat=True)]
    return int(OrmQ.objects.filter(pk__in=numbers).count())


def forget_old_results() -> None:
    """Delete what was kept for its time, of other work in the same queue as well."""
    Task.objects.filter(stopped__lt=timezone.now() - KEPT).delete()


def group_of(owner_id: int, conversation_id: int | str = "") -> str:
    """The words by which django-q's rows name the owner of a job and its talk."""
    return f"{KIND} of user {owner_id}, conversation {conversation_id}"


def identity(number: int) -> dict[str, Any]:
    """What names the task of a job."""
    return {"id": f"{number:032d}", "name": f"{KIND} {number}"}
