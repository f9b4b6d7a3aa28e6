"""Nobody finds what is another's, whatever is asked."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation, ConversationTopic, Topic
from convoai.accounts.models import User
from tests.factories import make_conversation, make_fact, make_partner

pytestmark = pytest.mark.django_db
TYPES = ("message", "conversation", "fact", "partner", "message,conversation,fact,partner")
MODES = ("text", "semantic", "hybrid")
MISSING = 999_999_999


@pytest.fixture
def secret(alice: User) -> Conversation:
    """Alice's talk, with a fact, a topic and a partner of which each tells the same secret."""
    partner = make_partner(alice, "Zanzibar Quill", notes="zanzibar", relationship="zanzibar")
    talk = make_conversation(partner, "The word is zanzibar.", title="zanzibar", summary="zanzibar")
    topic = Topic.objects.create(name="zanzibar")
    ConversationTopic.objects.create(user=alice, conversation=talk, topic=topic)
    message = talk.messages.get()
    make_fact(partner, "word", "zanzibar", quote="zanzibar", source_message=message)
    return talk


def answer_of(client: APIClient, **parameters: Any) -> Any:
    answer = client.get("/api/search", parameters)
    body = answer.json()
    body.pop("took_ms", None)
    body.pop("request_id", None)
    return answer.status_code, body


@pytest.mark.bad_input(68)
@pytest.mark.parametrize(("types", "mode"), list(product(TYPES, MODES)))
def test_the_owner_finds_it_and_a_stranger_does_not(
    api: APIClient,
    bobs_api: APIClient,
    nobody: APIClient,
    secret: Conversation,
    types: str,
    mode: str,
) -> None:
    asked = {"q": "zanzibar", "type": types, "mode": mode}
    status, mine = answer_of(api, **asked)
    assert status == 200
    # Rows without vectors are not found by meaning.
    assert mine["results"] or mode == "semantic"
    status, theirs = answer_of(bobs_api, **asked)
    assert (status, theirs["results"], theirs["not_embedded"] or 0) == (200, [], 0)
    assert answer_of(nobody, **asked)[0] == 401


@pytest.mark.bad_input(65, 68)
@pytest.mark.parametrize("types", TYPES)
def test_anothers_ids_as_filters_answer_as_missing_ones(
    bobs_api: APIClient, bob: User, secret: Conversation, types: str
) -> None:
    own = make_partner(bob, "Zanzibar")
    talk = make_conversation(own, "I too say zanzibar.", title="zanzibar")
    make_fact(own, "word", "zanzibar", conversation=talk)
    asked = {"q": "zanzibar", "type": types}
    assert answer_of(bobs_api, **asked)[1]["results"]
    for name, theirs in (("partner_id", secret.partner_id), ("conversation_id", secret.pk)):
        answers = [answer_of(bobs_api, **asked, **{name: pk}) for pk in (theirs, MISSING)]
        assert answers[0] == answers[1]
        assert (answers[0][0], answers[0][1]["results"]) == (200, [])
    topics = [answer_of(bobs_api, **asked, topic=name)[1] for name in ("zanzibar", "no such")]
    assert topics[0] == topics[1]


@pytest.mark.bad_input(71)
def test_user_id_in_the_query_is_ignored(
    bobs_api: APIClient, alice: User, secret: Conversation
) -> None:
    assert answer_of(bobs_api, q="zanzibar", user_id=alice.pk)[1]["results"] == []
