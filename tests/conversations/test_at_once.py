"""Rows that go while somebody else is about to change them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact, Message
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.conversations.rows import sql
from tests.factories import make_conversation, make_fact, make_partner

pytestmark = pytest.mark.django_db(transaction=True)
TURN = [{"sender": "user", "content": "Hi"}]


def at_once(*calls: Callable[[], Any]) -> list[int]:
    """The status codes of requests that start together."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> int:
        try:
            barrier.wait(60)
            return int(call().status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


@pytest.mark.bad_input(100)
def test_whatever_comes_while_a_talk_is_deleted_is_answered(
    client_of: Callable[[User], APIClient], alice: User
) -> None:
    seen: set[int] = set()
    for _ in range(3):
        talk = make_conversation(make_partner(alice), "I bake.", "Since when?")
        message = talk.messages.get(position=0)
        fact = make_fact(talk.partner, conversation=talk, source_message=message, quote="bake")
        path, partner = f"/api/conversations/{talk.pk}", f"/api/partners/{talk.partner_id}"
        calls: list[tuple[str, str, Any]] = [
            ("delete", path, None),
            ("delete", path, None),
            ("delete", partner, None),
            ("post", f"{path}/messages", TURN),
            ("patch", path, {"title": "Lunch"}),
            ("patch", partner, {"name": "Eda"}),
            ("patch", f"/api/messages/{message.pk}", {"content": "I cook."}),
            ("post", f"/api/facts/{fact.pk}/confirm", None),
            ("post", f"/api/facts/{fact.pk}/reject", None),
            ("post", f"/api/facts/{fact.pk}/correct", {"fact_value": "x"}),
            ("delete", f"/api/facts/{fact.pk}", None),
            ("delete", f"/api/messages/{message.pk}", None),
        ]

        def request(method: str, path: str, body: Any) -> Callable[[], Any]:
            return lambda: getattr(client_of(alice), method)(path, body)

        seen |= set(at_once(*[request(*call) for call in calls]))
        if ConversationPartner.objects.filter(pk=talk.partner_id).exists():
            assert client_of(alice).delete(partner).status_code == 204
        assert not Message.objects.filter(conversation=talk.pk).exists()
    # 503 is "busy": a client that met others four times in a row is asked to try again.
    assert seen <= {200, 201, 204, 404, 409, 503}, seen
    assert not ConversationPartner.objects.exists()
    assert not Conversation.objects.exists()
    assert not ExtractedFact.objects.exists()


def test_messages_added_at_once_get_positions_of_their_own(
    client_of: Callable[[User], APIClient], alice: User
) -> None:
    talk = make_conversation(make_partner(alice))
    path = f"/api/conversations/{talk.pk}/messages"
    answers = at_once(*[lambda: client_of(alice).post(path, TURN * 5)] * 8)
    assert answers == [201] * 8
    positions = Message.objects.in_order().values_list("position", flat=True)
    assert list(positions) == list(range(40))


def test_new_values_of_one_key_at_once_leave_one_current(
    client_of: Callable[[User], APIClient], alice: User
) -> None:
    partner = make_partner(alice)
    body = {"partner_id": partner.pk, "category": "work", "fact_key": "job", "fact_value": "x"}
    answers = at_once(*[lambda: client_of(alice).post("/api/facts", body)] * 8)
    assert answers == [201] * 8
    assert ExtractedFact.objects.current().count() == 1
    # One chain: each closed value was closed by another one.
    assert sql("SELECT count(DISTINCT superseded_by_id) FROM extracted_facts") == [(7,)]
