"""Analyses that run in the background: queued, followed, carried out.

A job has no table of its own. Its number is that of its row in django-q's queue; django-q's task
gets the same number as id. Both hold numbers only, never a person's words.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ, Task
from django_q.signing import SignedPackage

from conversations.models import Conversation, ConversationTopic, ExtractedFact
from convoai.analysis.services import already_analyzed, analyze_conversation
from convoai.database.transactions import write
from convoai.refusals import Refusal

logger = logging.getLogger("convoai.analysis")

KIND = "analysis"
FUNCTION = "convoai.analysis.jobs.run"
# The first run, and one more after a worker that was killed.
MOST_RUNS = 2


class JobFailed(Exception):
    """The job could not be done; the message is one sentence for its owner."""


@dataclass(frozen=True)
class Job:
    """A job as its owner sees it; `result` counts what the talk has given."""

    id: int
    conversation_id: int
    status: str
    result: Mapping[str, int] | None = None
    error: str | None = None
    kind: str = KIND


@write
def queue_analysis(*, conversation: Conversation, force: bool = False) -> int:
    """Queue the analysis of a talk; return the number of the job.

    Raises Refusal `already_analyzed`, as analysing at once would.
    """
    if conversation.is_analyzed and not force:
        raise already_analyzed(conversation)
    row = OrmQ.objects.create(key=Conf.CLUSTER_NAME, payload="", lock=timezone.now())
    order = {"number": row.pk, "conversation_id": conversation.pk, "force": force}
    task = {
        **_identity(row.pk),
        "func": FUNCTION,
        "args": (),
        "kwargs": {**order, "owner_id": conversation.user_id},
        "group": group_of(conversation.user_id),
        "ack_failure": True,
        "started": timezone.now(),
    }
    row.payload = SignedPackage.dumps(task)
    row.save(update_fields=["payload"])
    return int(row.pk)


def find_job(owner_id: int | None, number: int) -> Job | None:
    """The owner's job of that number; None for none, and for somebody else's."""
    # In this order: a task is stored before its row leaves the queue.
    row = OrmQ.objects.filter(pk=number).first()
    task = Task.objects.filter(pk=_identity(number)["id"]).first()
    found, order = (
        (task.group, task.kwargs) if task else (row and row.group(), row and row.kwargs())
    )
    if owner_id is None or found != group_of(owner_id) or not order:
        return None
    talk = order["conversation_id"]
    if task and task.result is not None:
        if task.success:
            return Job(number, talk, "done", result=task.result)
        return Job(number, talk, "failed", error=str(task.result))
    if row is None:
        return Job(number, talk, "failed", error="The result was lost; ask for the analysis again.")
    # The lock lies ahead while a worker has the row; one that was killed loses it.
    is_taken = task is not None and row.lock > timezone.now()
    return Job(number, talk, "running" if is_taken else "queued")


def group_of(owner_id: int) -> str:
    """The word by which django-q's rows name the owner of a job."""
    return f"{KIND} of user {owner_id}"


def run(*, number: int, owner_id: int, conversation_id: int, force: bool) -> dict[str, int]:
    """What the worker does: analyse the talk, and count what came of it.

    A talk that somebody else understands or has understood meanwhile counts as done. Raises
    JobFailed, whose message is all that is stored.
    """
    order = {"number": number, "conversation_id": conversation_id, "force": force}
    _begin(number, {**order, "owner_id": owner_id})
    talks = Conversation.objects.with_partner().select_related("user")
    talk = talks.filter(user_id=owner_id, pk=conversation_id).first()
    if talk is None:
        raise JobFailed("The conversation was deleted before it could be analysed.")
    try:
        analyze_conversation(conversation=talk, force=force)
    except Refusal as refusal:
        if refusal.code not in {"already_analyzed", "already_running"}:
            raise JobFailed(refusal.message) from None
    except Exception as error:  # noqa: BLE001 - whatever it is, the owner is told in one sentence
        # Without the exception's own text, which may quote the talk.
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.error("Job %s: unhandled %s\n%s", number, type(error).__name__, frames)
        message = f"The analysis failed ({type(error).__name__}); the conversation is as it was."
        raise JobFailed(message) from None
    return {
        "facts_extracted": ExtractedFact.objects.filter(conversation=talk).count(),
        "topics_identified": ConversationTopic.objects.filter(conversation=talk).count(),
    }


def keep_one_sentence(*, task: dict[str, Any], **_signal: Any) -> None:
    """Of what django-q would store of a failed job, keep the sentence and not the traceback."""
    if task["func"] == FUNCTION and not task["success"]:
        task["result"] = str(task["result"]).partition(" : Traceback")[0]


def _identity(number: int) -> dict[str, str]:
    return {"id": f"{number:032d}", "name": f"{KIND} {number}"}


def _begin(number: int, order: Mapping[str, Any]) -> None:
    """Note that a worker starts now. Raises JobFailed when workers were killed over it before."""
    now = timezone.now()
    started = {"func": FUNCTION, "kwargs": dict(order), "group": group_of(order["owner_id"])}
    stored, _ = Task.objects.get_or_create(
        **_identity(number),
        defaults={**started, "started": now, "stopped": now, "success": False},
    )
    if stored.attempt_count >= MOST_RUNS:
        raise JobFailed("The worker was stopped twice during this analysis; it is not tried again.")
    Task.objects.filter(pk=stored.pk).update(attempt_count=F("attempt_count") + 1)
    # It may have waited for its turn behind a long one: the time it may take begins now.
    OrmQ.objects.filter(pk=number).update(lock=now + timedelta(seconds=Conf.RETRY))
