"""Talks that are like a talk."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation, ConversationTopic, Topic
from convoai.accounts.models import User
from tests.api.shapes import assert_invalid, assert_plain_error
from tests.factories import make_conversation, make_partner

pytestmark = pytest.mark.django_db


def similar(api: APIClient, talk: Conversation, **parameters: Any) -> dict[str, Any]:
    answer = api.get(f"/api/conversations/{talk.pk}/similar", parameters)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    assert body["conversation_id"] == talk.pk
    return body


def ids(body: dict[str, Any]) -> list[int]:
    return [result["id"] for result in body["results"]]


def vector(*numbers: float) -> list[float]:
    return [*numbers, *[0.0] * (4096 - len(numbers))]


def point(talk: Conversation, model: str, *numbers: float) -> None:
    Conversation.objects.filter(pk=talk.pk).update(
        embedding=vector(*numbers), embedding_model=model
    )


def test_talks_nearest_in_meaning_come_first(api: APIClient, alice: User, bob: User) -> None:
    partner = make_partner(alice)
    talk, near, far, other_model, without = (make_conversation(partner) for _ in range(5))
    theirs = make_conversation(make_partner(bob))
    point(talk, "model a", 1, 0, 0)
    point(near, "model a", 1, 0.2, 0)
    point(far, "model a", 0.1, 1, 0)
    point(other_model, "model b", 1, 0, 0)
    point(theirs, "model a", 1, 0, 0)
    body = similar(api, talk)
    assert body["found_by"] == "meaning"
    assert ids(body) == [near.pk, far.pk]
    first = body["results"][0]
    assert first["type"] == "conversation"
    assert first["score"] == first["signals"]["meaning"] == pytest.approx(0.9806, abs=1e-3)
    assert ids(similar(api, talk, limit=1)) == [near.pk]
    assert ids(similar(api, without)) == []


def test_without_vectors_words_and_topics_tell(api: APIClient, alice: User, bob: User) -> None:
    partner = make_partner(alice)
    talk = make_conversation(partner, "The lighthouse keeper sold honey.", title="Lighthouse")
    words = make_conversation(partner, "A new lighthouse keeper came.", title="Lighthouses")
    topical = make_conversation(partner, "Quite another thing.")
    make_conversation(partner, "Nothing alike.")
    make_conversation(make_partner(bob), "The lighthouse keeper sold honey.", title="Lighthouse")
    topic = Topic.objects.create(name="Coast")
    for about in (talk, topical):
        ConversationTopic.objects.create(user=alice, conversation=about, topic=topic)
    body = similar(api, talk)
    assert body["found_by"] == "words"
    assert ids(body) == [words.pk, topical.pk]
    assert body["results"][1]["signals"] == {"words": 0.0, "topics": 0.5}


@pytest.mark.parametrize("words", ["", "It's a \\ 'quoted' \\' thing: & | ! ( <-> *", "天気" * 99])
def test_a_talk_of_any_words_can_be_compared(api: APIClient, alice: User, words: str) -> None:
    talk = make_conversation(make_partner(alice), *[words] if words else [])
    body = similar(api, talk)
    assert (body["found_by"], body["results"]) == ("nothing", [])


def test_a_stranger_gets_404_and_a_bad_limit_422(
    api: APIClient, bobs_api: APIClient, nobody: APIClient, alice: User
) -> None:
    talk = make_conversation(make_partner(alice), "The lighthouse.")
    path = f"/api/conversations/{talk.pk}/similar"
    assert_plain_error(bobs_api.get(path), 404, "Conversation not found")
    assert nobody.get(path).status_code == 401
    assert_invalid(api.get(path, {"limit": "0"}), "query", "limit")
    assert_invalid(api.get(path, {"limit": "\0"}), "query", "limit")
