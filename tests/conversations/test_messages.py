"""Messages over the API: adding many, reading and correcting one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact, Message
from convoai.accounts.models import User
from tests.api.shapes import MESSAGE_KEYS, Z_TIME, assert_invalid, assert_plain_error
from tests.factories import make_conversation, make_fact, make_partner, texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(alice: User) -> Conversation:
    return make_conversation(make_partner(alice), "I work at Nordlicht.", "Since when?")


@pytest.fixture
def path(talk: Conversation) -> str:
    return f"/api/conversations/{talk.pk}/messages"


def test_messages_are_added_at_the_end_in_their_order(api: APIClient, path: str) -> None:
    sent = [
        {"sender": "partner", "content": "Since May.", "speaker": "Dana R."},
        {"sender": "user", "content": "Oh!", "timestamp": "2020-01-01T10:00:00Z"},
    ]
    answer = api.post(path, sent)
    assert answer.status_code == 201
    rows = answer.json()
    assert [list(row) for row in rows] == [MESSAGE_KEYS] * 2
    assert [row["position"] for row in rows] == [2, 3]
    assert [row["speaker"] for row in rows] == ["Dana R.", ""]
    assert rows[1]["timestamp"] == "2020-01-01T10:00:00Z"
    assert Z_TIME.fullmatch(rows[0]["timestamp"])
    listed = api.get(path).json()
    assert texts(listed) == ["I work at Nordlicht.", "Since when?", "Since May.", "Oh!"]
    assert listed[2:] == rows


def test_a_thousand_messages_in_one_call_take_a_handful_of_queries(
    api: APIClient, path: str
) -> None:
    sent = [{"sender": ("user", "partner")[n % 2], "content": f"line {n}"} for n in range(1_000)]
    with CaptureQueriesContext(connection) as captured:
        answer = api.post(path, sent)
    assert answer.status_code == 201
    assert texts(answer.json()) == texts(sent)
    assert len(captured) <= 8
    assert Message.objects.matching("line").count() == 1_000


def test_all_are_added_or_none(api: APIClient, path: str) -> None:
    sent: list[dict[str, Any]] = [{"sender": "user", "content": "Hi"}] * 3
    answer = api.post(path, [*sent, {"sender": "alien", "content": "Hi"}])
    assert_invalid(answer, "body", 3, "sender", kind="enum")
    assert Message.objects.count() == 2


@pytest.mark.parametrize("body", [{"sender": "user", "content": "Hi"}, [], "Hi", 5, None])
def test_only_an_array_of_messages_is_taken(api: APIClient, path: str, body: Any) -> None:
    answer = api.post(path, json.dumps(body), content_type="application/json")
    assert answer.status_code == 422
    assert Message.objects.count() == 2


@pytest.mark.bad_input(24)
def test_more_than_20_000_messages_in_one_call_are_413(api: APIClient, path: str) -> None:
    answer = api.post(path, [{"sender": "user", "content": "Hi"}] * 20_001)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_items")
    assert Message.objects.count() == 2


def test_messages_are_filtered_ordered_and_paged(api: APIClient, path: str) -> None:
    Message.objects.filter(position=0).update(timestamp="2020-01-01T10:00:00Z")
    assert texts(api.get(f"{path}?sender=user").json()) == ["Since when?"]
    assert texts(api.get(f"{path}?until=2021-01-01T00:00:00Z").json()) == ["I work at Nordlicht."]
    assert texts(api.get(f"{path}?ordering=-position&limit=1").json()) == ["Since when?"]
    assert api.get(f"{path}?limit=1")["X-Total-Count"] == "2"


def test_messages_of_an_unknown_talk_are_404(api: APIClient, bob: User) -> None:
    for pk in (make_conversation(make_partner(bob)).pk, 999_999_999):
        path = f"/api/conversations/{pk}/messages"
        assert_plain_error(api.get(path), 404, "Conversation not found")
        sent = [{"sender": "user", "content": "Hi"}]
        assert_plain_error(api.post(path, sent), 404, "Conversation not found")


def test_one_message_is_read_and_corrected(api: APIClient, talk: Conversation) -> None:
    message = talk.messages.get(position=0)
    path = f"/api/messages/{message.pk}"
    row = api.get(path).json()
    assert list(row) == MESSAGE_KEYS
    assert (row["conversation_id"], row["content"]) == (talk.pk, "I work at Nordlicht.")
    changes = {
        "content": "I work at Südwind.",
        "speaker": "Dana",
        "sender": "user",
        "timestamp": "2020-01-01T10:00:00Z",
    }
    changed = api.patch(path, changes).json()
    assert changed == {**row, **changes}
    assert api.get(path).json() == changed


@pytest.mark.parametrize(
    ("change", "loc", "kind"),
    [
        ({"content": ""}, "content", "string_too_short"),
        ({"content": None}, "content", "none_not_allowed"),
        ({"sender": "alien"}, "sender", "enum"),
        ({"timestamp": None}, "timestamp", "none_not_allowed"),
        ({"position": 5}, "position", "unknown_field"),
        ({"conversation_id": 5}, "conversation_id", "unknown_field"),
    ],
)
def test_a_wrong_correction_is_422(
    api: APIClient, talk: Conversation, change: dict[str, Any], loc: str, kind: str
) -> None:
    answer = api.patch(f"/api/messages/{talk.messages.get(position=0).pk}", change)
    assert_invalid(answer, "body", loc, kind=kind)


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_an_unknown_message_is_404(api: APIClient, method: str) -> None:
    answer = getattr(api, method)("/api/messages/999999999", {"content": "x"})
    assert_plain_error(answer, 404, "Message not found")


def quoting(talk: Conversation, **fields: Any) -> ExtractedFact:
    """A fact that quotes the first message."""
    source: dict[str, Any] = {"conversation": talk, "source_message": talk.messages.get(position=0)}
    return make_fact(
        talk.partner,
        fields.pop("key", "employer"),
        **source,
        quote="Nordlicht",
        quote_start=10,
        **fields,
    )


def corrected(api: APIClient, fact: ExtractedFact, content: str) -> Any:
    """The fact as the API shows it after its message was corrected."""
    answer = api.patch(f"/api/messages/{fact.source_message_id}", {"content": content})
    assert answer.status_code == 200
    return api.get(f"/api/facts/{fact.pk}").json()


def test_a_quote_moves_with_the_words_around_it(api: APIClient, talk: Conversation) -> None:
    row = corrected(api, quoting(talk), "🦉 Yes: Nordlicht it is.")
    assert (row["quote"], row["quote_start"], row["review"]) == ("Nordlicht", 7, "unreviewed")


def test_a_change_of_the_speaker_leaves_quotes_alone(api: APIClient, talk: Conversation) -> None:
    fact = quoting(talk)
    api.patch(f"/api/messages/{fact.source_message_id}", {"speaker": "Dana"})
    row = api.get(f"/api/facts/{fact.pk}").json()
    assert (row["quote_start"], row["review"]) == (10, "unreviewed")
