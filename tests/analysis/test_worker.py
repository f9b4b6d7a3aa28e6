"""manage.py qcluster: a real worker, its sign of life, and what a kill leaves behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

import psutil
import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact
from convoai.accounts.models import User
from convoai.analysis.services import LEASE
from convoai.database.queue import is_worker_running
from partners.models import ConversationPartner
from tests.analysis.processes import environment, wait_until
from tests.factories import make_conversation, make_partner
from tests.guards.source import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@contextmanager
def cluster() -> Iterator[subprocess.Popen[bytes]]:
    """A worker as `manage.py qcluster` starts it; ended with all its processes."""
    command = [sys.executable, "manage.py", "qcluster"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        kill_all(process)


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """kill -9 for the process and everything it has started."""
    if process.poll() is None:
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(True)]
        for one in family:
            one.kill()
        psutil.wait_procs(family[1:], timeout=60)
    process.wait(60)


@contextmanager
def held(partner: ConversationPartner) -> Iterator[None]:
    """Nothing can be learned about the partner meanwhile: who tries has to wait."""
    taken, release = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                ConversationPartner.objects.select_for_update().get(pk=partner.pk)
                taken.set()
                release.wait(120)
        finally:
            connection.close()

    thread = Thread(target=hold)
    thread.start()
    try:
        assert taken.wait(60)
        yield
    finally:
        release.set()
        thread.join(60)


def status(api: APIClient, number: int) -> str:
    return str(api.get(f"/api/jobs/{number}").json()["status"])


def queue(api: APIClient, talk: Conversation) -> int:
    return int(api.post(f"/api/conversations/{talk.pk}/analyze?async=1").json()["job_id"])


@pytest.mark.bad_input(105)
def test_a_worker_does_the_jobs_and_what_was_killed_with_it_runs_again_once(
    api: APIClient, alice: User
) -> None:
    partner = make_partner(alice, "Dana")
    talk = make_conversation(partner, "I live in Porto.")
    caught = make_conversation(partner, "I adopted a cat. I moved to Faro last year.")
    with cluster() as first:
        wait_until(is_worker_running)
        number = queue(api, talk)
        wait_until(lambda: status(api, number) == "done")
        with held(partner):
            number = queue(api, caught)
            wait_until(lambda: status(api, number) == "running")
            kill_all(first)
    caught.refresh_from_db()
    assert not caught.is_analyzed
    # What time would do: the queue and the claim let go of it.
    OrmQ.objects.filter(pk=number).update(lock=timezone.now() - timedelta(seconds=1))
    rows = Conversation.objects.filter(pk=caught.pk)
    rows.update(analysis_claimed_at=timezone.now() - LEASE - timedelta(seconds=1))
    assert status(api, number) == "queued"
    with cluster() as second:
        wait_until(lambda: status(api, number) == "done")
        facts = ExtractedFact.objects.filter(conversation=caught)
        result = api.get(f"/api/jobs/{number}").json()["result"]
        assert 0 < facts.count() == result["facts_extracted"]
        current = facts.filter(is_current=True).values_list("subject", "fact_key", "fact_value")
        assert len(current) == len(set(current))
        second.send_signal(signal.SIGTERM)
        assert second.wait(60) == 0
        assert not is_worker_running()
