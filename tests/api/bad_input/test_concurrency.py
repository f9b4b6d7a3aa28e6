"""Rows 92 to 102: the same thing at once, again, too late, or in the middle of something else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact, Message
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.api.bad_input.answers import nothing_stored, problems, refusal, send
from tests.api.bad_input.injected import fail_on, stop_failing
from tests.factories import make_conversation, make_fact

TALKS = "/api/conversations/"
AT_ONCE = 16
one_connection = pytest.mark.django_db
many_connections = pytest.mark.django_db(transaction=True)


def at_once(
    user: User, request: Callable[[APIClient, int], Any], number: int = AT_ONCE
) -> list[Any]:
    """The results of so many threads that start together, each with a client of the user."""
    start = Barrier(number)

    def work(index: int) -> Any:
        client = APIClient()
        client.force_authenticate(user)
        start.wait(60)
        try:
            return request(client, index)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(work, range(number)))


def body_of(partner: ConversationPartner, *words: str) -> dict[str, Any]:
    messages = [{"sender": "user", "content": word} for word in words or ("Hello.",)]
    return {"partner_id": partner.pk, "messages": messages}


@many_connections
@pytest.mark.bad_input(92)
@pytest.mark.parametrize("name", ["idempotency key", "external id"])
def test_same_name_sent_sixteen_times_at_once_makes_one_talk(
    dana: ConversationPartner, name: str
) -> None:
    def create(client: APIClient, index: int) -> Any:
        body = body_of(dana)
        if name == "external id":
            return send(client, "POST", TALKS, {**body, "external_id": "same"})
        return send(client, "POST", TALKS, body, HTTP_IDEMPOTENCY_KEY="same")

    answers = at_once(dana.user, create)
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.content for answer in answers}) == 1, "all get the same answer"
    assert Conversation.objects.count() == 1
    assert Message.objects.count() == 1


@one_connection
@pytest.mark.bad_input(93)
def test_known_key_with_another_body_is_refused(api: APIClient, dana: ConversationPartner) -> None:
    first = send(api, "POST", TALKS, body_of(dana), HTTP_IDEMPOTENCY_KEY="same")
    with nothing_stored():
        other = send(api, "POST", TALKS, body_of(dana, "Other."), HTTP_IDEMPOTENCY_KEY="same")
        assert problems(other) == [("idempotency_mismatch", "header.Idempotency-Key")]
        again = send(api, "POST", TALKS, body_of(dana), HTTP_IDEMPOTENCY_KEY="same")
    assert (again.status_code, again.content) == (201, first.content)


@one_connection
@pytest.mark.bad_input(94, 96)
def test_key_of_a_request_that_failed_is_free(api: APIClient, dana: ConversationPartner) -> None:
    with nothing_stored():
        broken = send(api, "POST", TALKS, body_of(dana, " "), HTTP_IDEMPOTENCY_KEY="same")
        assert broken.status_code == 422
        fail_on("messages", "53100")
        full = send(api, "POST", TALKS, body_of(dana), HTTP_IDEMPOTENCY_KEY="same")
        assert refusal(full) == (507, "storage_full")
        stop_failing("messages")
    made = send(api, "POST", TALKS, body_of(dana), HTTP_IDEMPOTENCY_KEY="same")
    again = send(api, "POST", TALKS, body_of(dana), HTTP_IDEMPOTENCY_KEY="same")
    assert made.status_code == again.status_code == 201
    assert made.json()["id"] == again.json()["id"]
    assert Conversation.objects.count() == 1


@one_connection
@pytest.mark.bad_input(95)
@pytest.mark.parametrize("key", ["", "a" * 256, "a" * 300, "é", "a\tb", "\x00", "ключ", "a\nb"])
def test_malformed_key_is_refused(api: APIClient, dana: ConversationPartner, key: str) -> None:
    with nothing_stored():
        answer = send(api, "POST", TALKS, body_of(dana), HTTP_IDEMPOTENCY_KEY=key)
        assert problems(answer) == [("invalid_key", "header.Idempotency-Key")]


@one_connection
@pytest.mark.bad_input(95)
def test_key_is_free_again_after_a_day(api: APIClient, dana: ConversationPartner) -> None:
    first = send(api, "POST", TALKS, body_of(dana), HTTP_IDEMPOTENCY_KEY="same")
    old = timezone.now() - timedelta(hours=24, minutes=1)
    Conversation.objects.update(created_at=old)
    second = send(api, "POST", TALKS, body_of(dana, "Other."), HTTP_IDEMPOTENCY_KEY="same")
    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]


@one_connection
@pytest.mark.bad_input(98)
def test_change_of_a_version_that_is_not_the_newest_is_refused(
    api: APIClient, talk: Conversation
) -> None:
    fact = make_fact(talk.partner)
    message = talk.messages.first()
    assert message is not None
    for path, change, other in (
        (f"/api/partners/{talk.partner_id}", {"notes": "one"}, {"notes": "two"}),
        (f"{TALKS}{talk.pk}", {"title": "one"}, {"title": "two"}),
        (f"/api/messages/{message.pk}", {"content": "one"}, {"content": "two"}),
        (f"/api/facts/{fact.pk}", {"fact_value": "one"}, {"fact_value": "two"}),
    ):
        etag = send(api, "GET", path)["ETag"]
        assert send(api, "PATCH", path, change, HTTP_IF_MATCH=etag).status_code == 200
        with nothing_stored():
            for stale in (etag, '"other"', f"W/{etag}", "nonsense", "", '"a", "b"'):
                answer = send(api, "PATCH", path, other, HTTP_IF_MATCH=stale)
                assert refusal(answer) == (412, "stale"), stale
        newest = send(api, "GET", path)["ETag"]
        several = f'"other", {newest}'
        assert send(api, "PATCH", path, other, HTTP_IF_MATCH=several).status_code == 200
        assert send(api, "PATCH", path, change, HTTP_IF_MATCH="*").status_code == 200


@one_connection
@pytest.mark.bad_input(98)
def test_header_can_be_demanded(api: APIClient, talk: Conversation, settings: Any) -> None:
    path = f"{TALKS}{talk.pk}"
    assert send(api, "PATCH", path, {"title": "without"}).status_code == 200
    settings.REQUIRE_IF_MATCH = True
    with nothing_stored():
        answer = send(api, "PATCH", path, {"title": "x"})
        assert refusal(answer) == (428, "if_match_required")
        partner = send(api, "PATCH", f"/api/partners/{talk.partner_id}", {"notes": "x"})
        assert refusal(partner) == (428, "if_match_required")
    etag = send(api, "GET", path)["ETag"]
    assert send(api, "PATCH", path, {"title": "with"}, HTTP_IF_MATCH=etag).status_code == 200


@many_connections
@pytest.mark.bad_input(99)
@pytest.mark.parametrize("kind", ["partner", "talk"])
def test_edits_with_retry_are_all_present(dana: ConversationPartner, kind: str) -> None:
    talk = make_conversation(dana, title="")
    path = f"/api/partners/{dana.pk}" if kind == "partner" else f"{TALKS}{talk.pk}"
    field = "notes" if kind == "partner" else "title"

    def add(client: APIClient, index: int) -> int:
        for tries in range(1, 200):
            now = send(client, "GET", path)
            text = f"{now.json()[field] or ''}<{index}>"
            answer = send(client, "PATCH", path, {field: text}, HTTP_IF_MATCH=now["ETag"])
            if answer.status_code == 200:
                return tries
            assert refusal(answer) in ((412, "stale"), (409, "locked"))
        raise AssertionError("never succeeded")

    at_once(dana.user, add, 8)
    dana.refresh_from_db()
    talk.refresh_from_db()
    text = dana.notes if kind == "partner" else talk.title
    assert sorted((text or "").split(">")) == sorted(["", *(f"<{index}" for index in range(8))])


@many_connections
@pytest.mark.bad_input(100)
def test_talk_can_be_deleted_while_messages_arrive(dana: ConversationPartner) -> None:
    for _ in range(3):
        talk = make_conversation(dana, "I moved to Lisbon.")
        path = f"{TALKS}{talk.pk}"

        def change(client: APIClient, index: int, path: str = path, talk: Any = talk) -> Any:
            if index == 0:
                return send(client, "DELETE", path)
            if index % 3 == 0:
                return send(client, "PATCH", path, {"title": f"number {index}"})
            if index % 3 == 1:
                body = {"partner_id": dana.pk, "conversation_id": talk.pk, "category": "a"}
                body |= {"fact_key": f"key {index}", "fact_value": "c"}
                return send(client, "POST", "/api/facts", body)
            messages = [{"sender": "user", "content": f"number {index}"}] * 20
            return send(client, "POST", f"{path}/messages", messages)

        answers = at_once(dana.user, change, 10)
        assert answers[0].status_code == 204
        assert {answer.status_code for answer in answers[1:]} <= {200, 201, 404, 422}
    assert Conversation.objects.count() == 0
    assert Message.objects.count() == 0
    assert not ExtractedFact.objects.filter(conversation__isnull=False).exists()


@many_connections
@pytest.mark.bad_input(100)
def test_messages_that_arrive_at_once_all_get_a_place(dana: ConversationPartner) -> None:
    talk = make_conversation(dana)

    def add(client: APIClient, index: int) -> Any:
        messages = [{"sender": "user", "content": f"{index}.{n}"} for n in range(5)]
        return send(client, "POST", f"{TALKS}{talk.pk}/messages", messages)

    assert {answer.status_code for answer in at_once(dana.user, add)} == {201}
    rows = list(talk.messages.order_by("position").values_list("position", "content"))
    assert [position for position, _ in rows] == list(range(AT_ONCE * 5))
    for first in range(0, len(rows), 5):
        index = rows[first][1].split(".")[0]
        assert [content for _, content in rows[first : first + 5]] == [
            f"{index}.{n}" for n in range(5)
        ], "the messages of one request stay together"


@many_connections
@pytest.mark.bad_input(101)
def test_facts_of_one_key_at_once_leave_one_current(dana: ConversationPartner) -> None:
    def add(client: APIClient, index: int) -> Any:
        body = {"partner_id": dana.pk, "category": "work", "fact_key": "employer"}
        return send(client, "POST", "/api/facts", {**body, "fact_value": f"number {index}"})

    assert {answer.status_code for answer in at_once(dana.user, add)} == {201}
    assert ExtractedFact.objects.count() == AT_ONCE
    assert ExtractedFact.objects.filter(is_current=True).count() == 1


@many_connections
@pytest.mark.bad_input(102)
@pytest.mark.parametrize("state", ["40P01", "40001"])
def test_deadlock_is_not_seen_by_the_client(
    api: APIClient, dana: ConversationPartner, state: str
) -> None:
    fail_on("messages", state, times=3)
    try:
        made = send(api, "POST", TALKS, body_of(dana, "One.", "Two."))
        assert made.status_code == 201
        assert Conversation.objects.count() == 1
        assert Message.objects.count() == 2
    finally:
        stop_failing("messages")


@many_connections
@pytest.mark.bad_input(102)
def test_deadlock_that_does_not_end_is_answered_busy(
    api: APIClient, dana: ConversationPartner
) -> None:
    fail_on("messages", "40P01")
    try:
        with nothing_stored():
            answer = send(api, "POST", TALKS, body_of(dana))
            assert refusal(answer) == (503, "busy")
            assert int(answer["Retry-After"]) >= 1
    finally:
        stop_failing("messages")
