"""Analysing while a client waits, without holding up the others.

The offline analyzer answers at once. A model may take minutes, and the threads of a web process
are few: where a worker runs, it does the work as a job and the request only waits a little for it;
where none runs, a few requests at a time ask the model themselves, within a limit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet

from conversations.models import Conversation
from convoai.analysis.choice import configured_analyzer, configured_provider
from convoai.analysis.jobs import Job, find_job, queue_analysis
from convoai.analysis.many import Outcome, Patience, understand_one
from convoai.analysis.result import Analysis
from convoai.analysis.services import analyze_conversation
from convoai.database.queue import is_worker_running
from convoai.database.transactions import release_connection
from convoai.refusals import Refusal

# Seconds that a request may take which has to ask the model itself.
WITHOUT_WORKER = 60.0
# Seconds between two looks at a job, and after which somebody who found no place may come back.
LOOK = 0.2
LATER = 10


class Places:
    """How many requests of this process may wait for a model at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken = 0

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Take a place while it is entered; false when none was free."""
        with self._lock:
            is_free = self._taken < settings.INLINE_ANALYSES
            self._taken += is_free
        try:
            yield is_free
        finally:
            with self._lock:
                self._taken -= is_free


places = Places()


def is_model_asked() -> bool:
    """Whether an analysis may take long. Settings that make no sense take no time."""
    try:
        return configured_provider() is not None
    except ImproperlyConfigured:
        return False


def understand(*, conversation: Conversation, force: bool = False) -> Analysis | Job:
    """Analyse a talk for somebody who waits: what was understood, or the job that goes on.

    A job that is done within settings.INLINE_ANALYSIS_SECONDS comes back as `done`; what it found
    is stored with the talk. Raises Refusal as analyze_conversation and queue_analysis do, and
    `analyzer_busy`.
    """
    if not is_model_asked():
        return analyze_conversation(conversation=conversation, force=force)
    if is_worker_running():
        job = queue_analysis(conversation=conversation, force=force)
        with places.one() as is_free:
            seconds = settings.INLINE_ANALYSIS_SECONDS if is_free else 0
            job = wait_for(conversation.user_id, job.id, seconds)
        if job.status == "failed":
            raise Refusal("analysis_failed", job.error or "Analysis failed.")
        return job
    with alone():
        analyzer = configured_analyzer(seconds=WITHOUT_WORKER)
        return analyze_conversation(conversation=conversation, force=force, analyzer=analyzer)


@contextmanager
def alone() -> Iterator[None]:
    """A place to ask the model without a worker. Raises Refusal `analyzer_busy`."""
    with places.one() as is_free:
        if not is_free:
            message = (
                "As many analyses run here as may at a time; ask again soon, "
                "or start a worker with `manage.py qcluster`."
            )
            raise Refusal("analyzer_busy", message, retry_after=LATER)
        yield


def wait_for(owner_id: int, number: int, seconds: float) -> Job:
    """The job as it is when it is over or waits for another try, or after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        job = find_job(owner_id, number)
        if job is None:
            raise AssertionError("unreachable: a job outlives the request that asked for it")
        if job.status not in {"queued", "running"} or time.monotonic() >= end:
            return job
        release_connection()
        time.sleep(LOOK)


@dataclass
class Understood:
    """What became of many talks; `left` counts those not come to, `jobs` go on with others."""

    done: int = 0
    failed: list[Outcome] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    left: int = 0
    lost_over: str | None = None


def understand_all(waiting: QuerySet[Conversation]) -> Understood:
    """Analyse many talks in their order for somebody who waits.

    With a model they become jobs where a worker runs; without one, those are left that do not fit
    into WITHOUT_WORKER seconds. Raises Refusal `analyzer_busy` and `too_many_jobs` when not even
    the first one could be begun.
    """
    if not is_model_asked():
        return one_by_one(list(waiting.values_list("pk", flat=True)))
    if is_worker_running():
        return as_jobs(waiting)
    with alone():
        numbers = list(waiting.values_list("pk", flat=True))
        return one_by_one(numbers, seconds=WITHOUT_WORKER)


def one_by_one(numbers: Sequence[int], *, seconds: float | None = None) -> Understood:
    """Analyse these talks here and now, in so many seconds if a model is asked."""
    found = Understood(left=len(numbers))
    patience = Patience()
    end = time.monotonic() + (seconds or 0)
    for pk in numbers:
        left = end - time.monotonic()
        if patience.lost_over or (seconds and left <= 0):
            break
        analyzer = configured_analyzer(seconds=left) if seconds else None
        outcome = understand_one(pk, analyzer=analyzer)
        patience.note(outcome)
        found.left -= 1
        found.done += outcome.understood
        if outcome.failure:
            found.failed.append(outcome)
    found.lost_over = patience.lost_over
    return found


def as_jobs(waiting: QuerySet[Conversation]) -> Understood:
    """Queue these talks, as many as a user may have in the queue."""
    found = Understood()
    talks = list(waiting)
    for place, talk in enumerate(talks):
        try:
            found.jobs.append(queue_analysis(conversation=talk).id)
        except Refusal as refusal:
            if refusal.code == "already_analyzed":
                continue
            if not found.jobs:
                raise
            found.left = len(talks) - place
            break
    return found
