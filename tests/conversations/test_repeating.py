"""A request that is repeated with its Idempotency-Key makes one talk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from rest_framework.test import APIClient

from conversations.models import Conversation, Message
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.api.shapes import assert_invalid
from tests.factories import make_partner

TALKS = "/api/conversations"
TALK = [{"sender": "user", "content": "Hi"}]


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice)


def post(api: APIClient, partner: ConversationPartner, key: str, **more: Any) -> Any:
    body = {"partner_id": partner.pk, "messages": TALK, **more}
    return api.post(TALKS, body, headers={"Idempotency-Key": key})


@pytest.mark.django_db
def test_a_repeated_request_gives_the_same_answer(
    api: APIClient, dana: ConversationPartner
) -> None:
    first, again = post(api, dana, "k1"), post(api, dana, "k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert (Conversation.objects.count(), Message.objects.count()) == (1, 1)
    assert post(api, dana, "k2").json()["id"] != first.json()["id"]


@pytest.mark.django_db
def test_the_order_of_keys_in_the_body_does_not_matter(
    api: APIClient, dana: ConversationPartner
) -> None:
    first = post(api, dana, "k1", title="Lunch").json()
    body = {"title": "Lunch", "messages": TALK, "partner_id": dana.pk}
    again = api.post(TALKS, body, headers={"Idempotency-Key": "k1"}).json()
    assert again["id"] == first["id"]


@pytest.mark.django_db
@pytest.mark.bad_input(93)
def test_another_body_under_the_same_key_is_422(api: APIClient, dana: ConversationPartner) -> None:
    post(api, dana, "k1")
    answer = post(api, dana, "k1", title="Another")
    assert_invalid(answer, "header", "Idempotency-Key", kind="idempotency_mismatch")
    assert Conversation.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.bad_input(94)
def test_a_failed_request_can_be_repeated_with_its_key(
    api: APIClient, dana: ConversationPartner
) -> None:
    wrong = api.post(TALKS, {"partner_id": dana.pk}, headers={"Idempotency-Key": "k1"})
    assert wrong.status_code == 422
    assert post(api, dana, "k1").status_code == 201


@pytest.mark.django_db
@pytest.mark.bad_input(95)
def test_a_key_means_a_new_request_after_24_hours(
    api: APIClient, dana: ConversationPartner
) -> None:
    first = post(api, dana, "k1").json()
    Conversation.objects.update(created_at=F("created_at") - timedelta(hours=23, minutes=59))
    assert post(api, dana, "k1").json()["id"] == first["id"]
    Conversation.objects.update(created_at=F("created_at") - timedelta(minutes=2))
    second = post(api, dana, "k1", title="Another").json()
    assert second["id"] != first["id"]
    assert post(api, dana, "k1", title="Another").json()["id"] == second["id"]


@pytest.mark.django_db
@pytest.mark.bad_input(95)
@pytest.mark.parametrize("key", ["", "k" * 256, "ключ", "a\tb"])
def test_a_key_that_is_none_is_422(api: APIClient, dana: ConversationPartner, key: str) -> None:
    assert_invalid(post(api, dana, key), "header", "Idempotency-Key", kind="invalid_key")


@pytest.mark.django_db
@pytest.mark.bad_input(69)
def test_keys_belong_to_their_user(
    api: APIClient, bobs_api: APIClient, dana: ConversationPartner, bob: User
) -> None:
    first = post(api, dana, "k1").json()
    theirs = post(bobs_api, make_partner(bob), "k1").json()
    assert theirs["id"] != first["id"]
    assert theirs["user_id"] == bob.pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.bad_input(92)
@pytest.mark.parametrize("name", ["Idempotency-Key", "external_id"])
def test_sixteen_requests_at_once_make_one_talk(
    client_of: Any, alice: User, dana: ConversationPartner, name: str
) -> None:
    def send(_: int) -> tuple[int, int]:
        try:
            body: dict[str, Any] = {"partner_id": dana.pk, "messages": TALK}
            headers = {name: "same"} if name == "Idempotency-Key" else {}
            if not headers:
                body[name] = "same"
            answer = client_of(alice).post(TALKS, body, headers=headers)
            return answer.status_code, answer.json().get("id")
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(send, range(16)))
    assert {status for status, _ in answers} <= {200, 201}
    assert len({pk for _, pk in answers}) == 1
    assert (Conversation.objects.count(), Message.objects.count()) == (1, 1)
