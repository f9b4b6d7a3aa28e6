"""What to say next time, from stored facts and talks."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from conversations.models import ConversationTopic, Topic
from convoai.accounts.models import User
from tests.factories import make_conversation, make_fact, make_partner

KEYS = {
    "partner_name",
    "known_facts_count",
    "recent_topics",
    "conversation_starters",
    "follow_up_questions",
    "new_topic_suggestions",
}


def read(api: APIClient, pk: int) -> dict[str, Any]:
    response = api.get(f"/api/suggestions/{pk}")
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    assert set(body) == KEYS
    return body


def test_a_partner_without_talks_gets_something_to_begin_with(api: APIClient, alice: User) -> None:
    body = read(api, make_partner(alice, "Dana").pk)
    assert body["partner_name"] == "Dana"
    assert body["known_facts_count"] == 0
    assert body["recent_topics"] == []
    assert body["conversation_starters"] == ["How have you been, Dana?"]
    assert body["follow_up_questions"]
    assert len(body["new_topic_suggestions"]) == 3


def test_starters_come_from_current_facts_only(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    make_fact(partner, "employer", "Nordlicht", is_current=False)
    make_fact(partner, "employer", "Harbour Radio")
    make_fact(partner, "employer", "Somewhere", subject="Ben")
    body = read(api, partner.pk)
    assert body["conversation_starters"][0] == "How are things at Harbour Radio?"
    assert not any("Nordlicht" in text for text in body["conversation_starters"])
    assert body["known_facts_count"] == 2


def test_recent_topics_and_stored_questions_come_from_analysed_talks(
    api: APIClient, alice: User
) -> None:
    partner = make_partner(alice)
    analysed = make_conversation(
        partner,
        "Hello.",
        is_analyzed=True,
        analyzed_at=timezone.now(),
        suggested_questions=["Did the boat sell?", 7],
        suggested_topics=["Sailing", "harbours"],
    )
    unread = make_conversation(partner, "Hi.")
    for name, talk in (("Sailing", analysed), ("Cheese", unread)):
        topic = Topic.objects.create(name=name)
        ConversationTopic.objects.create(user=alice, conversation=talk, topic=topic)
    body = read(api, partner.pk)
    assert body["recent_topics"] == ["Sailing"]
    assert body["follow_up_questions"][0] == "Did the boat sell?"
    assert body["new_topic_suggestions"][0] == "harbours"


@pytest.mark.parametrize("pk", [0, 999_999])
def test_an_unknown_partner_is_404_with_its_number(api: APIClient, pk: int) -> None:
    response = api.get(f"/api/suggestions/{pk}")
    assert response.status_code == 404
    assert response.json()["detail"] == f"Partner {pk} not found"


def test_a_stranger_gets_404(bobs_api: APIClient, alice: User) -> None:
    assert bobs_api.get(f"/api/suggestions/{make_partner(alice).pk}").status_code == 404


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("event", "adopted a guinea pig in March 2023", "you adopted a guinea pig in March 2023."),
        ("plan", "is going to sell their boat", "you are going to sell your boat."),
        ("habit", "often goes to the opera", "you often go to the opera."),
        ("wish", "wishes for a garden", "you wish for a garden."),
        ("feeling", "their dog passed away", "your dog passed away."),
        ("like", "has a soft spot for buses", "you have a soft spot for buses."),
    ],
)
def test_what_somebody_does_is_said_to_them(
    api: APIClient, alice: User, key: str, value: str, said: str
) -> None:
    partner = make_partner(alice)
    make_fact(partner, key, value, category="life_event", many_valued=True)
    starter = read(api, partner.pk)["conversation_starters"][0]
    assert starter.startswith(f"I remember that {said} ")
    assert starter.endswith("?")


def test_their_own_words_stand_in_where_pronouns_are_unclear(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    value = "is visiting friends and helping them move"
    quote = "I'm visiting friends and helping them move"
    make_fact(partner, "plan", value, many_valued=True, quote=quote)
    body = read(api, partner.pk)
    assert body["conversation_starters"][0] == f"You said “{quote}”. How is that coming along?"
    assert body["follow_up_questions"][0] == f"You said “{quote}”. What came of it?"


def test_a_plan_that_a_person_typed_is_no_predicate(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    make_fact(partner, "plan", "a trip to Rome", origin="user", many_valued=True)
    starters = read(api, partner.pk)["conversation_starters"]
    assert starters[0] == "You were planning: a trip to Rome. How is that coming along?"


def test_an_allergy_is_nothing_to_begin_with(api: APIClient, alice: User) -> None:
    partner = make_partner(alice, "Dana")
    make_fact(partner, "allergy", "walnuts", category="personal", many_valued=True)
    assert read(api, partner.pk)["conversation_starters"] == ["How have you been, Dana?"]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("sibling", "Jonas, their brother", "How is Jonas?"),
        ("sibling", "two brothers", "How are your two brothers?"),
        ("friend", "their neighbour", "How is your neighbour?"),
        ("pet", "a parrot", "How is your parrot doing?"),
        ("pet", "two cats", "How are your two cats doing?"),
        ("instrument", "cello", "What are you playing on the cello these days?"),
        ("diet", "vegetarian", "Are you still vegetarian?"),
        ("favourite_board_game", "Go", "Is Go still your favourite board game?"),
        ("possession", "a red kayak", "Do you still have your red kayak?"),
    ],
)
def test_what_is_known_is_asked_after_in_words_to_say_aloud(
    api: APIClient, alice: User, key: str, value: str, said: str
) -> None:
    partner = make_partner(alice)
    make_fact(partner, key, value, category="relationship")
    assert read(api, partner.pk)["conversation_starters"][0] == said
