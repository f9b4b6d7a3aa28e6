"""What a worker does with a job: analyse the talk, and try again later what may yet succeed."""

from __future__ import annotations

import logging
import random
import traceback
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ, Task

from conversations.models import Conversation, ConversationTopic, ExtractedFact
from convoai.analysis.failure import NotUnderstood
from convoai.analysis.jobs import FUNCTION, POSTPONED, group_of, identity
from convoai.analysis.services import analyze_conversation
from convoai.database.transactions import write
from convoai.refusals import Refusal

logger = logging.getLogger("convoai.analysis")

# How often a worker may be killed over one try: the first run, and one more.
MOST_RUNS = 2
# Seconds before the second and the third try of what a provider could not do.
PAUSES = (30.0, 300.0)
# A provider may ask to be left alone for longer, up to this.
LONGEST_PAUSE = 3600.0


class JobFailed(Exception):
    """The job could not be done; the message is one sentence for its owner."""


def run(*, number: int, owner_id: int, conversation_id: int, force: bool) -> dict[str, Any]:
    """Analyse the talk, and count what came of it.

    A talk that somebody else understands or has understood meanwhile counts as done. When the
    analyzer failed and may do better later, the reason is returned under `postponed`. Raises
    JobFailed, whose message is all that is stored.
    """
    order = {"number": number, "conversation_id": conversation_id, "force": force}
    done = _begin(number, {**order, "owner_id": owner_id})
    if done is not None:
        return done
    talks = Conversation.objects.with_partner().select_related("user")
    talk = talks.filter(user_id=owner_id, pk=conversation_id).first()
    if talk is None:
        raise JobFailed("The conversation was deleted before it could be analysed.")
    try:
        analyze_conversation(conversation=talk, force=force)
    except NotUnderstood as failure:
        if failure.permanent or not _postpone(number, failure.after):
            raise JobFailed(failure.message) from None
        return {POSTPONED: failure.message}
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


def settle(*, task: dict[str, Any], **_signal: Any) -> None:
    """Before django-q stores how a job ended: keep the sentence only, and the row of a next try."""
    if task["func"] != FUNCTION:
        return
    if not task["success"]:
        task["result"] = str(task["result"]).partition(" : Traceback")[0]
    elif POSTPONED in task["result"]:
        # Without a number to acknowledge, the row stays in the queue until its lock is over.
        task.update(success=False, ack_id=None)


@write
def _begin(number: int, order: Mapping[str, Any]) -> dict[str, Any] | None:
    """Note that a worker starts now; return the result if it is there already.

    Raises JobFailed when the job is over with a failure, or workers were killed over it before.
    """
    now = timezone.now()
    stored, _ = Task.objects.get_or_create(
        **identity(number),
        defaults={
            "func": FUNCTION,
            "kwargs": dict(order),
            "group": group_of(order["owner_id"], order["conversation_id"]),
            "started": now,
            "stopped": now,
            "success": False,
        },
    )
    # Over, but killed before the row left the queue.
    if stored.success:
        return dict(stored.result)
    if isinstance(stored.result, str):
        raise JobFailed(stored.result)
    begun = stored.kwargs.get("begun", 0)
    if begun >= MOST_RUNS:
        raise JobFailed("The worker was stopped twice during this analysis; it is not tried again.")
    stored.kwargs = {**stored.kwargs, "begun": begun + 1}
    stored.result = None
    # The time for which a result is kept begins anew.
    stored.stopped = now
    stored.save(update_fields=["kwargs", "result", "stopped"])
    # It may have waited for its turn behind a long one: the time it may take begins now.
    OrmQ.objects.filter(pk=number).update(lock=now + timedelta(seconds=Conf.RETRY))
    return None


@write
def _postpone(number: int, after: float) -> bool:
    """Set the time of the next try; return whether there is one left.

    `after` is how many seconds the provider asked for.
    """
    task = Task.objects.get(**identity(number))
    failed = task.kwargs.get("failed", 0)
    if failed >= len(PAUSES):
        return False
    task.kwargs = {**task.kwargs, "failed": failed + 1, "begun": 0}
    task.save(update_fields=["kwargs"])
    # What failed together must not come back together.
    pause = PAUSES[failed] * random.uniform(1.0, 1.3)  # noqa: S311 - no secret
    wait = timedelta(seconds=max(pause, min(after, LONGEST_PAUSE)))
    OrmQ.objects.filter(pk=number).update(lock=timezone.now() + wait)
    return True
