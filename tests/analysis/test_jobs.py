"""Analyses in the background: queued over the API, carried out by a worker, asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ, Task
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact
from convoai.accounts.models import User
from convoai.analysis.jobs import KEPT
from convoai.analysis.work import run
from convoai.database.queue import HEARTBEAT, SILENCE
from convoai.transfer.archive.background import order_archive
from tests.analysis.jobs import order_of, work
from tests.factories import make_conversation, make_partner

MISSING = "Job not found; results are kept for 2 days."
NO_ERROR = {"error": None, "retry_at": None}
WORDS = "I moved to Porto. I work at Harbour Radio."


@pytest.fixture
def talk(alice: User) -> Conversation:
    return make_conversation(make_partner(alice, "Dana"), WORDS)


def queue(api: APIClient, talk: Conversation, query: str = "async=1") -> dict[str, Any]:
    answer = api.post(f"/api/conversations/{talk.pk}/analyze?{query}")
    assert answer.status_code == 202, answer.content
    body: dict[str, Any] = answer.json()
    assert answer["Location"] == body["status_url"]
    return body


def test_a_job_is_queued_and_done(api: APIClient, talk: Conversation) -> None:
    body = queue(api, talk)
    job = {"id": body["job_id"], "kind": "analysis", "conversation_id": talk.pk}
    waiting = api.get(body["status_url"]).json()
    assert waiting == {**job, "status": "queued", "result": None, **NO_ERROR}
    work(body["job_id"])
    done = api.get(body["status_url"]).json()
    result = {"facts_extracted": ExtractedFact.objects.count(), "topics_identified": 0}
    assert result["facts_extracted"] >= 2
    result["topics_identified"] = len(api.get(f"/api/conversations/{talk.pk}").json()["topics"])
    assert done == {**job, "status": "done", "result": result, **NO_ERROR}
    assert not OrmQ.objects.exists()


def test_without_a_worker_it_is_said(api: APIClient, talk: Conversation) -> None:
    body = queue(api, talk)
    assert body["worker"] is False
    assert "No worker is running" in body["message"]
    beat = OrmQ.objects.create(key=HEARTBEAT, payload="", lock=timezone.now())
    assert queue(api, talk)["worker"] is True
    OrmQ.objects.filter(pk=beat.pk).update(lock=timezone.now() - SILENCE - timedelta(seconds=5))
    assert queue(api, talk)["worker"] is False
    assert api.get(f"/api/jobs/{beat.pk}").status_code == 404


def test_a_talk_that_is_understood_is_not_queued(api: APIClient, talk: Conversation) -> None:
    Conversation.objects.filter(pk=talk.pk).update(is_analyzed=True)
    answer = api.post(f"/api/conversations/{talk.pk}/analyze?async=1")
    assert (answer.status_code, answer.json()["code"]) == (400, "already_analyzed")
    assert api.post(f"/api/conversations/{talk.pk}/analyze?async=maybe").status_code == 422
    assert not OrmQ.objects.exists()
    queue(api, talk, "async=1&force=true")


@pytest.mark.bad_input(64)
def test_jobs_are_their_owners_only(
    api: APIClient, bobs_api: APIClient, talk: Conversation
) -> None:
    body = queue(api, talk)
    for _ in ("queued", "done"):
        foreign, missing = bobs_api.get(body["status_url"]), bobs_api.get("/api/jobs/99999999999")
        assert foreign.status_code == missing.status_code == 404
        assert foreign.json()["detail"] == missing.json()["detail"] == MISSING
        assert api.get(body["status_url"]).status_code == 200
        if OrmQ.objects.exists():
            work(body["job_id"])
    assert bobs_api.post(f"/api/conversations/{talk.pk}/analyze?async=1").status_code == 404


def test_queue_and_results_hold_no_words(api: APIClient, talk: Conversation) -> None:
    number = queue(api, talk)["job_id"]
    assert set(order_of(number)["kwargs"]) == {"number", "owner_id", "conversation_id", "force"}
    work(number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM django_q_task t")
        [(stored,)] = cursor.fetchall()
    assert "Porto" not in stored
    task = Task.objects.get()
    assert "Porto" not in f"{task.args}{task.kwargs}{task.result}{task.name}{task.group}"


@pytest.mark.bad_input(97)
def test_a_job_given_out_twice_doubles_nothing(api: APIClient, talk: Conversation) -> None:
    body = queue(api, talk)
    order = order_of(body["job_id"])["kwargs"]
    work(body["job_id"])
    facts = ExtractedFact.objects.count()
    assert run(**order) == api.get(body["status_url"]).json()["result"]
    assert ExtractedFact.objects.count() == facts


@pytest.mark.bad_input(97)
def test_a_talk_has_one_job_at_a_time(api: APIClient, talk: Conversation) -> None:
    first = queue(api, talk, "async=1&force=1")
    assert queue(api, talk, "async=1&force=1") == first
    other = make_conversation(talk.partner, WORDS)
    assert queue(api, other)["job_id"] != first["job_id"]
    assert OrmQ.objects.count() == 2
    work(first["job_id"])
    assert queue(api, talk, "async=1&force=1")["job_id"] != first["job_id"]


def test_a_user_has_so_many_jobs_and_no_more(
    api: APIClient, bobs_api: APIClient, talk: Conversation, bob: User, settings: Any
) -> None:
    settings.JOBS_PER_USER = 2
    talks = [talk, *(make_conversation(talk.partner, WORDS) for _ in "12")]
    jobs = [queue(api, one)["job_id"] for one in talks[:2]]
    refused = api.post(f"/api/conversations/{talks[2].pk}/analyze?async=1")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_jobs")
    assert refused["Retry-After"] == "60"
    assert queue(api, talk)["job_id"] == jobs[0], "what is queued already is no further job"
    queue(bobs_api, make_conversation(make_partner(bob, "Eda"), WORDS))
    work(jobs[0])
    queue(api, talks[2])


def test_results_are_kept_for_two_days_however_many_there_are(
    api: APIClient, talk: Conversation
) -> None:
    body = queue(api, talk)
    work(body["job_id"])
    task = Task.objects.get()
    for number in range(300):
        task.pk, task.name = f"{10**9 + number:032d}", f"analysis {10**9 + number}"
        task.save(force_insert=True)
    queue(api, make_conversation(talk.partner, WORDS))
    assert api.get(body["status_url"]).json()["status"] == "done"
    Task.objects.update(stopped=timezone.now() - KEPT)
    queue(api, make_conversation(talk.partner, WORDS))
    gone = api.get(body["status_url"])
    assert (gone.status_code, gone.json()["detail"]) == (404, MISSING)
    assert Task.objects.count() == 1


def test_a_job_whose_talk_is_gone_fails_with_a_sentence(api: APIClient, talk: Conversation) -> None:
    body = queue(api, talk)
    api.delete(f"/api/conversations/{talk.pk}")
    work(body["job_id"])
    job = api.get(body["status_url"]).json()
    sentence = "The conversation was deleted before it could be analysed."
    assert (job["status"], job["error"], job["result"]) == ("failed", sentence, None)


@pytest.mark.bad_input(105)
def test_what_kills_its_worker_twice_is_not_tried_a_third_time(
    api: APIClient, talk: Conversation
) -> None:
    body = queue(api, talk)
    order = order_of(body["job_id"])["kwargs"]
    Conversation.objects.filter(pk=talk.pk).update(is_analyzed=True)
    for _ in range(2):  # each begins, and leaves no result behind
        run(**order)
        assert api.get(body["status_url"]).json()["status"] == "running"
        OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))
        assert api.get(body["status_url"]).json()["status"] == "queued"
    work(body["job_id"])
    job = api.get(body["status_url"]).json()
    assert job["status"] == "failed"
    assert "stopped twice" in job["error"]


def test_the_admin_has_no_pages_of_the_queue() -> None:
    assert not [model for model in admin.site._registry if model._meta.app_label == "django_q"]


def test_a_silent_row_of_another_kind_is_no_job(api: APIClient, talk: Conversation) -> None:
    Task.objects.create(
        id="0" * 31 + "7",
        name="other",
        func="x",
        started=timezone.now(),
        stopped=timezone.now(),
    )
    assert api.get("/api/jobs/7").status_code == 404


def test_work_of_another_kind_is_no_job(api: APIClient, alice: User) -> None:
    assert api.get(f"/api/jobs/{order_archive(user=alice)}").status_code == 404
