"""Analysing while somebody waits, by a model: the web server stays free for others."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django_q.models import OrmQ
from rest_framework.test import APIClient

from conversations.models import Conversation
from convoai.accounts.models import User
from convoai.analysis.inline import places
from tests.analysis.jobs import show_a_worker, work
from tests.analysis.processes import wait_until
from tests.analysis.provider import ProviderServer, raw, says
from tests.factories import make_conversation, make_partner


@pytest.fixture
def talk(alice: User) -> Conversation:
    return make_conversation(make_partner(alice, "Dana"), "I moved to Porto.")


def analyze(api: APIClient, talk: Conversation, query: str = "") -> Any:
    return api.post(f"/api/conversations/{talk.pk}/analyze{query}")


@pytest.mark.bad_input(113)
def test_what_takes_longer_goes_on_as_a_job(
    api: APIClient, talk: Conversation, by_model: ProviderServer, settings: Any
) -> None:
    by_model.answers = [says()]
    settings.INLINE_ANALYSIS_SECONDS = 0.01
    show_a_worker()
    answer = analyze(api, talk)
    assert answer.status_code == 202
    body = answer.json()
    assert answer["Location"] == body["status_url"] == reverse("job", args=[body["job_id"]])
    assert (body["status"], body["worker"]) == ("queued", True)
    # A frontend that knows nothing of jobs reads what it reads of a talk without words.
    assert (body["sentiment"], body["summary"]) == ("unknown", "")
    assert body["main_topics"] == body["extracted_facts"] == body["action_items"] == []
    assert not by_model.bodies, "the web server asks nothing itself where a worker runs"
    assert analyze(api, talk).json()["job_id"] == body["job_id"]
    work(body["job_id"])
    assert api.get(body["status_url"]).json()["status"] == "done"
    assert analyze(api, talk).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_what_a_worker_does_soon_is_answered_as_ever(
    api: APIClient, talk: Conversation, by_model: ProviderServer, settings: Any
) -> None:
    by_model.answers = [says()]
    settings.INLINE_ANALYSIS_SECONDS = 60
    show_a_worker()
    beside = Thread(target=work_on_the_first_job)
    beside.start()
    try:
        answer = analyze(api, talk)
    finally:
        beside.join(60)
    assert answer.status_code == 200
    body = answer.json()
    assert body["analyzer"].startswith("openai:test-model/1")
    assert (body["summary"], body["sentiment"]) == ("Dana moved to Porto.", "positive")
    assert body["main_topics"] == ["Moving"]
    assert [fact["fact_value"] for fact in body["extracted_facts"]] == ["Porto"]
    assert body["suggested_questions"] == ["How is Porto?"]
    assert "job_id" not in body


def work_on_the_first_job() -> None:
    try:
        jobs = OrmQ.objects.exclude(payload="")
        wait_until(jobs.exists)
        work(jobs.get().pk)
    finally:
        connection.close()


@pytest.mark.bad_input(113)
def test_no_more_requests_wait_than_there_are_places(
    api: APIClient, talk: Conversation, by_model: ProviderServer, settings: Any
) -> None:
    settings.INLINE_ANALYSES = 1
    settings.INLINE_ANALYSIS_SECONDS = 3600
    by_model.answers = [says()]
    with places.one() as is_free:
        assert is_free
        refused = analyze(api, talk)
        assert (refused.status_code, refused.json()["code"]) == (503, "analyzer_busy")
        assert refused["Retry-After"] == "10"
        assert analyze(api, talk, "?async=1").status_code == 202
        OrmQ.objects.all().delete()
        show_a_worker()
        assert analyze(api, talk).status_code == 202, "at once: there is a worker to go on"
        OrmQ.objects.all().delete()
    assert not by_model.bodies
    assert analyze(api, talk).status_code == 200, "the place is free again"


def test_the_offline_analyzer_needs_no_place(
    api: APIClient, talk: Conversation, settings: Any
) -> None:
    settings.INLINE_ANALYSES = 1
    with places.one():
        show_a_worker()
        assert analyze(api, talk).status_code == 200
    assert not OrmQ.objects.exclude(payload="").exists()


@pytest.mark.bad_input(113)
def test_a_request_that_asks_the_model_itself_is_told_when_to_come_again(
    api: APIClient, talk: Conversation, by_model: ProviderServer
) -> None:
    by_model.answers = [raw(b"{}", 503, Retry_After="50")]
    answer = analyze(api, talk)
    assert (answer.status_code, answer.json()["code"]) == (502, "analysis_failed")
    assert answer["Retry-After"] == "50"
    talk.refresh_from_db()
    assert talk.analysis_error == "the provider answered 503"
    assert talk.analysis_claimed_at is None


@pytest.mark.bad_input(113)
def test_a_worker_that_fails_for_good_is_a_failed_analysis(
    api: APIClient, talk: Conversation, by_model: ProviderServer, settings: Any
) -> None:
    settings.INLINE_ANALYSIS_SECONDS = 0
    by_model.answers = [raw(b"{}", 503, Retry_After="50"), says()]
    show_a_worker()
    number = analyze(api, talk).json()["job_id"]
    work(number)
    waiting = analyze(api, talk)
    assert (waiting.status_code, waiting.json()["status"]) == (202, "failed_retryable")
    assert waiting.json()["job_id"] == number
    message = waiting.json()["message"]
    assert message.startswith("Analysis failed: the provider answered 503. It is tried again.")


def test_figures_of_a_job_that_goes_on_are_none_yet(
    api: APIClient, talk: Conversation, by_model: ProviderServer, settings: Any
) -> None:
    settings.INLINE_ANALYSIS_SECONDS = 0
    show_a_worker()
    body = {"conversation_id": talk.pk}
    answer = api.post("/api/profiles/analyze-conversation", body)
    assert answer.status_code == 202
    assert answer.json()["facts_extracted"] == answer.json()["topics_identified"] == 0
    assert answer.json()["job_id"]


def all_of(api: APIClient, talk: Conversation, status: int = 200) -> dict[str, Any]:
    answer = api.post(f"/api/profiles/{talk.partner_id}/analyze-all")
    assert answer.status_code == status, answer.content
    body: dict[str, Any] = answer.json()
    return body


def test_all_talks_go_on_after_one_that_fails(
    api: APIClient, talk: Conversation, by_model: ProviderServer
) -> None:
    others = [make_conversation(talk.partner, "I moved to Porto.") for _ in "12"]
    by_model.answers = [says(), raw(b"{}", 503, Retry_After="50"), says()]
    body = all_of(api, talk)
    reason = "Analysis failed: the provider answered 503"
    assert body == {
        "message": "Analyzed 2 conversations; 1 failed",
        "analyzed_count": 2,
        "total_conversations": 3,
        "failed": [{"conversation_id": others[0].pk, "reason": reason}],
        "left": 0,
        "jobs": [],
    }
    assert all_of(api, talk)["message"] == "Analyzed 1 conversations"
    assert all_of(api, talk)["message"] == "All conversations are analyzed"


def test_all_talks_stop_when_the_provider_refuses_every_one(
    api: APIClient, talk: Conversation, by_model: ProviderServer
) -> None:
    for _ in range(4):
        make_conversation(talk.partner, "I moved to Porto.")
    by_model.answers = [raw(b"{}", 401)]
    body = all_of(api, talk)
    assert len(by_model.bodies) == len(body["failed"]) == 3
    assert (body["analyzed_count"], body["left"]) == (0, 2)
    assert "the provider answered 401" in body["message"]


def test_all_talks_become_jobs_where_a_worker_runs(
    api: APIClient, talk: Conversation, by_model: ProviderServer, settings: Any
) -> None:
    settings.JOBS_PER_USER = 2
    talks = [talk, *(make_conversation(talk.partner, "I moved to Porto.") for _ in "12")]
    by_model.answers = [says()]
    show_a_worker()
    body = all_of(api, talk, 202)
    assert (len(body["jobs"]), body["left"], body["failed"]) == (2, 1, [])
    for number in body["jobs"]:
        work(number)
    assert all_of(api, talk, 202)["jobs"] != body["jobs"]
    talks[0].refresh_from_db()
    assert talks[0].is_analyzed
