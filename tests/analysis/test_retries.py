"""A job whose analyzer failed: tried again later, or given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Task
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact
from convoai.accounts.models import User
from convoai.analysis.work import LONGEST_PAUSE, PAUSES
from tests.analysis.jobs import work
from tests.analysis.provider import ProviderServer, raw, says, words
from tests.factories import make_conversation, make_partner

# Longer than the transport waits by itself, so that each try is one request.
BUSY = raw(b"{}", 503, Retry_After="45")
USELESS = words("I would rather not.")
DOWN = "Analysis failed: the provider answered 503"


@pytest.fixture
def talk(alice: User) -> Conversation:
    return make_conversation(make_partner(alice, "Dana"), "I moved to Porto.")


def queue(api: APIClient, talk: Conversation, query: str = "async=1") -> int:
    answer = api.post(f"/api/conversations/{talk.pk}/analyze?{query}")
    assert answer.status_code == 202, answer.content
    return int(answer.json()["job_id"])


def job(api: APIClient, number: int) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/api/jobs/{number}").json()
    return found


def seconds_left(number: int) -> float:
    """Until a worker may take the job."""
    return float((OrmQ.objects.get(pk=number).lock - timezone.now()).total_seconds())


@pytest.mark.bad_input(113)
def test_a_model_that_fails_is_asked_again_later(
    api: APIClient, talk: Conversation, by_model: ProviderServer
) -> None:
    by_model.answers = [BUSY, says()]
    number = queue(api, talk)
    work(number)
    found = job(api, number)
    assert (found["status"], found["error"], found["result"]) == ("failed_retryable", DOWN, None)
    wait = datetime.fromisoformat(found["retry_at"]) - timezone.now()
    assert timedelta(seconds=30) < wait < timedelta(seconds=50)
    detail = api.get(f"/api/conversations/{talk.pk}").json()
    assert detail["analysis_error"] == "the provider answered 503"
    assert detail["messages"]
    assert queue(api, talk) == number, "what waits for its next try has its job already"
    work(number)
    found = job(api, number)
    assert (found["status"], found["error"], found["retry_at"]) == ("done", None, None)
    assert found["result"] == {"facts_extracted": 1, "topics_identified": 1}
    assert api.get(f"/api/conversations/{talk.pk}").json()["analysis_error"] is None
    assert not OrmQ.objects.exists()


@pytest.mark.bad_input(113)
def test_the_third_failure_is_the_last_and_pauses_grow(
    api: APIClient, talk: Conversation, by_model: ProviderServer
) -> None:
    by_model.answers = [USELESS]
    number = queue(api, talk)
    for pause in PAUSES:
        work(number)
        assert job(api, number)["status"] == "failed_retryable"
        assert pause - 20 < seconds_left(number) < 1.3 * pause + 1
    work(number)
    found = job(api, number)
    reason = "the model's answer could not be used"
    assert (found["status"], found["error"]) == ("failed", f"Analysis failed: {reason}")
    assert found["retry_at"] is None
    assert not OrmQ.objects.exists()
    assert not ExtractedFact.objects.exists()
    by_model.answers = [says()]
    again = queue(api, talk)
    assert again != number
    work(again)
    assert job(api, again)["status"] == "done"


@pytest.mark.bad_input(113)
@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [("120", 100, 121), ("99999", LONGEST_PAUSE - 20, LONGEST_PAUSE + 1), ("soon", 10, 40)],
)
def test_a_provider_is_left_alone_as_long_as_it_asks(
    api: APIClient,
    talk: Conversation,
    by_model: ProviderServer,
    asked: str,
    least: float,
    most: float,
) -> None:
    answer = raw(b"{}", 429, Retry_After=asked) if asked != "soon" else USELESS
    by_model.answers = [answer]
    number = queue(api, talk)
    work(number)
    assert least < seconds_left(number) < most
    assert len(by_model.bodies) == (1 if asked != "soon" else 3)


@pytest.mark.bad_input(113)
def test_what_will_not_change_by_itself_is_not_tried_again(
    api: APIClient, talk: Conversation, by_model: ProviderServer, settings: Any
) -> None:
    by_model.answers = [raw(b"{}", 401)]
    refused = queue(api, talk)
    work(refused)
    settings.ANALYZER_BASE_URL = "http://10.0.0.1/v1"
    forbidden = queue(api, talk)
    work(forbidden)
    settings.ANALYZER = "oracle"
    unknown = queue(api, talk)
    work(unknown)
    errors = [job(api, number) for number in (refused, forbidden, unknown)]
    assert [error["status"] for error in errors] == ["failed"] * 3
    assert errors[0]["error"] == "Analysis failed: the provider answered 401"
    assert "leads into a private network" in errors[1]["error"]
    assert "ANALYZER must be" in errors[2]["error"]
    assert not OrmQ.objects.exists()
    assert len(by_model.bodies) == 1


@pytest.mark.bad_input(113)
def test_what_the_fallback_has_read_is_not_tried_again(
    api: APIClient, talk: Conversation, by_model: ProviderServer, settings: Any
) -> None:
    settings.ANALYZER_FALLBACK = "offline"
    by_model.answers = [BUSY]
    number = queue(api, talk)
    work(number)
    assert job(api, number)["status"] == "done"
    talk.refresh_from_db()
    assert talk.analyzer == "offline (openai:test-model failed)/1"


@pytest.mark.bad_input(105, 113)
def test_kills_are_counted_for_each_try(
    api: APIClient, talk: Conversation, by_model: ProviderServer
) -> None:
    by_model.answers = [BUSY]
    number = queue(api, talk)
    work(number)
    stored = Task.objects.get()
    assert (stored.kwargs["begun"], stored.kwargs["failed"]) == (0, 1)
    assert set(stored.kwargs) == {
        "number",
        "owner_id",
        "conversation_id",
        "force",
        "begun",
        "failed",
    }
