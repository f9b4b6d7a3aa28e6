"""Talks, facts and partners, alone and together with messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation, ConversationTopic, Topic
from convoai.accounts.models import User
from tests.factories import make_conversation, make_fact, make_partner
from tests.search.asking import found, search

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "q"),
    [
        ({"title": "A walk by the lighthouse"}, "lighthouses"),
        ({"summary": "They walked to the lighthouse."}, "lighthouse"),
        ({"full_transcript": "Dana: the lighthouse was shut."}, "shut lighthouse"),
        ({"title": "Café Élan"}, "cafe elan"),
    ],
)
def test_a_talk_is_found_by_title_summary_and_transcript(
    api: APIClient, alice: User, fields: dict[str, Any], q: str
) -> None:
    make_conversation(make_partner(alice), "Nothing of it here.", title="Another")
    talk = make_conversation(make_partner(alice), **fields)
    assert found(api, q, type="conversation") == [talk.pk]


def test_a_talk_is_found_by_its_messages_and_shows_the_best_one(
    api: APIClient, alice: User
) -> None:
    talk = make_conversation(
        make_partner(alice, "Dana"), "Hello.", "My sister keeps bees.", title="Lunch", summary="Hm."
    )
    make_conversation(make_partner(alice), "Hello.", "The weather is fine.")
    (result,) = search(api, "who keeps bees", type="conversation")["results"]
    assert (result["id"], result["conversation_id"], result["title"]) == (talk.pk, talk.pk, "Lunch")
    assert result["message_id"] == talk.messages.get(position=1).pk
    assert result["snippet"] == "My sister <mark>keeps</mark> <mark>bees</mark>."


def test_more_of_the_question_in_the_title_comes_first(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    by_the_way = make_conversation(partner, "The lighthouse, by the way.", title="Bread")
    about_it = make_conversation(partner, "The lighthouse was open.", title="The lighthouse")
    assert found(api, "lighthouse", type="conversation") == [about_it.pk, by_the_way.pk]


def test_talks_are_filtered_and_paged(api: APIClient, alice: User) -> None:
    talks = [
        make_conversation(
            make_partner(alice),
            "Of the lighthouse.",
            title=f"Lighthouse {day}",
            started_at=datetime(2026, 5, day, tzinfo=UTC),
        )
        for day in range(1, 8)
    ]
    topic = Topic.objects.create(name="Towers")
    ConversationTopic.objects.create(user=alice, conversation=talks[2], topic=topic)
    whole = found(api, "lighthouse", type="conversation")
    assert sorted(whole) == [talk.pk for talk in talks]
    pages = [
        found(api, "lighthouse", type="conversation", limit=3, offset=skip) for skip in (0, 3, 6)
    ]
    assert [pk for page in pages for pk in page] == whole
    cases: list[tuple[dict[str, Any], Conversation]] = [
        ({"topic": "towers"}, talks[2]),
        ({"partner_id": talks[4].partner_id}, talks[4]),
        ({"conversation_id": talks[5].pk}, talks[5]),
    ]
    for parameters, talk in cases:
        assert found(api, "lighthouse", type="conversation", **parameters) == [talk.pk]


def test_a_fact_is_found_by_key_value_category_and_quote(api: APIClient, alice: User) -> None:
    partner = make_partner(alice, "Dana")
    fact = make_fact(
        partner, "favourite_food", "tomato soup", quote="I adore Gazpacho", category="tastes"
    )
    make_fact(partner, "city", "Kiel")
    for q in ("food", "tomatoes", "taste", "gazpacho", "What is her favourite food?", '"i adore"'):
        assert found(api, q, type="fact") == [fact.pk], q
    assert found(api, "food -tomato", type="fact") == []
    (result,) = search(api, "tomatoes", type="fact")["results"]
    assert result["title"] == "favourite_food"
    assert (result["partner_name"], result["category"]) == ("Dana", "tastes")
    assert result["is_current"] is True
    assert result["snippet"] == "favourite food: <mark>tomato</mark> soup"


def test_facts_are_current_and_of_the_category_and_partner(api: APIClient, alice: User) -> None:
    dana, eda = make_partner(alice, "Dana"), make_partner(alice, "Eda")
    now = make_fact(dana, "city", "Kiel", category="home")
    make_fact(dana, "town", "Kiel", category="home", is_current=False)
    make_fact(dana, "village", "Kiel", category="home", review="rejected")
    work = make_fact(eda, "office", "Kiel", category="Work")
    assert set(found(api, "kiel", type="fact")) == {now.pk, work.pk}
    assert found(api, "kiel", type="fact", category="work") == [work.pk]
    assert found(api, "kiel", type="fact", partner_id=dana.pk) == [now.pk]
    assert found(api, "kiel", type="fact", category="hobby") == []


@pytest.mark.parametrize(
    "q",
    [
        "Søren",
        "soren",
        "SØREN KJÆR",
        "sor",
        "Sorne",
        "Soeren",
        "kjaer dentist",
        "kjær@tand.example",
        "dentist",
        "dentists in Aarhus",
        "who is my dentist?",
        "555",
        "+45 2055",
        "4520555123",
        "fountain pens",
    ],
)
def test_a_partner_is_found_by_any_part_and_with_a_slip(
    api: APIClient, alice: User, q: str
) -> None:
    partner = make_partner(
        alice,
        "Søren Kjær",
        email="kjaer@tand.example",
        phone="+45 20 555 123",
        relationship="Dentist",
        notes="Practises in Aarhus; collects fountain pens.",
    )
    make_partner(alice, "Amara Okafor", relationship="Neighbour", phone="+44 7700 900")
    assert found(api, q, type="partner") == [partner.pk]


def test_a_nearer_name_comes_first(api: APIClient, alice: User) -> None:
    near = make_partner(alice, "Dane")
    begins = make_partner(alice, "Danaïs")
    whole = make_partner(alice, "Dana")
    mentions = make_partner(alice, "Eda", notes="A friend of Dana.")
    make_partner(alice, "Louise")
    found_here = found(api, "dana", type="partner")
    assert found_here == [whole.pk, begins.pk, near.pk, mentions.pk]
    (first, *_) = search(api, "dan", type="partner")["results"]
    assert "<mark>" in first["snippet"]


@pytest.mark.bad_input(28)
def test_names_without_spaces_are_found_by_their_parts(api: APIClient, alice: User) -> None:
    partner = make_partner(alice, "山田太郎", notes="天気の話")
    fact = make_fact(partner, "city", "東京都渋谷区")
    for q in ("山田", "太郎", "天気"):
        assert found(api, q, type="partner") == [partner.pk], q
    assert found(api, "渋谷", type="fact") == [fact.pk]


def test_a_partner_follows_every_change(api: APIClient, alice: User) -> None:
    partner = make_partner(alice, "Dana")
    api.patch(f"/api/partners/{partner.pk}", {"name": "Zoë", "notes": "x" * 100_000})
    assert found(api, "dana", type="partner") == []
    assert found(api, "zoe", type="partner") == [partner.pk]
    api.delete(f"/api/partners/{partner.pk}")
    assert found(api, "zoe", type="partner") == []


@pytest.fixture
def everything(alice: User) -> dict[str, int]:
    """One row of each type that is about honey, and other rows."""
    partner = make_partner(alice, "Honey Weiss")
    talk = make_conversation(partner, "We sold the honey.", "Well done.", title="Honey")
    fact = make_fact(partner, "product", "honey", conversation=talk)
    other = make_partner(alice, "Eda")
    make_conversation(other, "A long walk.", title="Walk")
    make_fact(other, "hobby", "walking")
    return {
        "message": talk.messages.get(position=0).pk,
        "conversation": talk.pk,
        "fact": fact.pk,
        "partner": partner.pk,
    }


ALL = "message,conversation,fact,partner"


def test_one_call_finds_all_types(api: APIClient, everything: dict[str, int]) -> None:
    results = search(api, "honey", type=ALL)["results"]
    firsts = {result["type"]: result["id"] for result in reversed(results)}
    assert firsts == everything
    scores = [result["score"] for result in results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores), scores


def test_pages_of_all_types_follow_each_other(api: APIClient, everything: dict[str, int]) -> None:
    whole = [(row["type"], row["id"]) for row in search(api, "honey weiss", type=ALL)["results"]]
    assert len(whole) >= 4
    pages = [
        (row["type"], row["id"])
        for skip in range(len(whole))
        for row in search(api, "honey weiss", type=ALL, limit=1, offset=skip)["results"]
    ]
    assert pages == whole


def test_the_type_that_holds_more_of_the_question_comes_first(
    api: APIClient, everything: dict[str, int]
) -> None:
    first = search(api, "Honey Weiss", type=ALL)["results"][0]
    assert (first["type"], first["id"]) == ("partner", everything["partner"])
    first = search(api, "sold honey", type=ALL)["results"][0]
    assert first["type"] in ("message", "conversation")
