"""Conversations as existing frontends know them (section 3 of their contract)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation, Topic
from convoai.accounts.models import User
from tests.api.shapes import (
    CONVERSATION_KEYS,
    DETAIL_KEYS,
    FACT_KEYS,
    MESSAGE_KEYS,
    OFFSET_TIME,
    OLD_CONVERSATION_KEYS,
    Z_TIME,
    assert_invalid,
    assert_plain_error,
)
from tests.factories import make_conversation, make_fact, make_message, make_partner

pytestmark = pytest.mark.django_db
TALK = [{"sender": "user", "content": "Hi"}, {"sender": "partner", "content": "Hello!"}]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def post(api: APIClient, partner_id: int, **more: Any) -> Any:
    return api.post("/api/conversations", {"partner_id": partner_id, "messages": TALK, **more})


def test_a_new_talk_has_the_agreed_keys(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    answer = post(api, partner.pk, title="Lunch")
    assert answer.status_code == 201
    row = answer.json()
    assert set(row) == CONVERSATION_KEYS > OLD_CONVERSATION_KEYS
    assert (row["user_id"], row["partner_id"], row["title"]) == (alice.pk, partner.pk, "Lunch")
    assert row["is_analyzed"] is False
    assert Z_TIME.fullmatch(row["started_at"])
    assert Z_TIME.fullmatch(row["created_at"])
    nothing = ("summary", "ended_at", "full_transcript", "external_id", "updated_at")
    assert [row[key] for key in nothing] == [None] * 5


def test_started_at_is_now_and_not_the_time_of_the_first_message(
    api: APIClient, alice: User
) -> None:
    message = {"sender": "user", "content": "Hi", "timestamp": "2020-01-01T10:00:00Z"}
    row = post(api, make_partner(alice).pk, messages=[message]).json()
    assert row["started_at"][:4] != "2020"
    detail = api.get(f"/api/conversations/{row['id']}").json()
    assert detail["messages"][0]["timestamp"] == "2020-01-01T10:00:00Z"


def test_a_talk_without_messages_is_taken(api: APIClient, alice: User) -> None:
    row = post(api, make_partner(alice).pk, messages=[]).json()
    detail = api.get(f"/api/conversations/{row['id']}").json()
    assert (detail["messages"], detail["full_transcript"]) == ([], None)


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        ({"messages": []}, ["body", "partner_id"], "missing"),
        ({"partner_id": 1}, ["body", "messages"], "missing"),
        ({"partner_id": "x", "messages": []}, ["body", "partner_id"], "int_parsing"),
        ({"partner_id": True, "messages": []}, ["body", "partner_id"], "int_type"),
        ({"partner_id": None, "messages": []}, ["body", "partner_id"], "none_not_allowed"),
        ({"partner_id": 1, "messages": {}}, ["body", "messages"], "list_type"),
        ({"partner_id": 1, "messages": [5]}, ["body", "messages", 0], None),
        (
            {"partner_id": 1, "messages": [{"content": "Hi"}]},
            ["body", "messages", 0, "sender"],
            "missing",
        ),
        (
            {"partner_id": 1, "messages": [*TALK, {"sender": "alien", "content": "Hi"}]},
            ["body", "messages", 2, "sender"],
            "enum",
        ),
        (
            {"partner_id": 1, "messages": [{"sender": "user", "content": " "}]},
            ["body", "messages", 0, "content"],
            "string_too_short",
        ),
        (
            {"partner_id": 1, "messages": [{**TALK[0], "timestamp": "yesterday"}]},
            ["body", "messages", 0, "timestamp"],
            "datetime_parsing",
        ),
    ],
)
def test_a_wrong_body_is_422_with_its_place(
    api: APIClient, body: Any, loc: list[str | int], kind: str | None
) -> None:
    assert_invalid(api.post("/api/conversations", body), *loc, kind=kind)
    assert not Conversation.objects.exists()


@pytest.mark.bad_input(65)
def test_an_unknown_partner_and_anothers_partner_are_404_alike(api: APIClient, bob: User) -> None:
    theirs = make_partner(bob)
    for pk in (theirs.pk, 999_999_999):
        assert_plain_error(post(api, pk), 404, "Partner not found")
    assert not Conversation.objects.exists()


def test_the_list_is_a_bare_array_newest_start_first(
    api: APIClient, alice: User, bob: User
) -> None:
    partner = make_partner(alice)
    for month in (2, 1, 3):
        make_conversation(partner, started_at=NOON.replace(month=month), title=str(month))
    make_conversation(make_partner(bob))
    rows = api.get("/api/conversations/").json()
    assert [row["title"] for row in rows] == ["3", "2", "1"]
    assert all(set(row) == CONVERSATION_KEYS for row in rows)
    assert rows[0]["started_at"] == "2026-03-01T12:00:00Z"


def test_the_list_can_be_of_one_partner_and_0_means_all(api: APIClient, alice: User) -> None:
    dana, eda = make_partner(alice), make_partner(alice, "Eda")
    make_conversation(dana)
    make_conversation(eda)

    def partners(query: str) -> set[int]:
        return {row["partner_id"] for row in api.get(f"/api/conversations{query}").json()}

    assert partners(f"?partner_id={dana.pk}") == {dana.pk}
    assert partners("?partner_id=0") == {dana.pk, eda.pk}
    assert partners("?partner_id=999999999") == set()
    assert_invalid(api.get("/api/conversations?partner_id=x"), "query", "partner_id")


def test_the_list_carries_whole_transcripts_as_it_always_did(api: APIClient, alice: User) -> None:
    make_conversation(make_partner(alice), full_transcript="Long talk. " * 1000)
    assert len(api.get("/api/conversations").json()[0]["full_transcript"]) == 11_000


def test_the_detail_has_messages_topics_and_facts(api: APIClient, alice: User) -> None:
    talk = make_conversation(make_partner(alice), "I bake.", "Since when?")
    for name, score in (("Work", 3), ("Baking", 9), ("Attic", 9)):
        topic = Topic.objects.create(name=name)
        talk.topics.add(topic, through_defaults={"user": alice, "relevance_score": score})
    source = {"conversation": talk, "source_message": talk.messages.get(position=0)}
    make_fact(talk.partner, "job", "baker", confidence=0.6, **source)
    make_fact(talk.partner, "hobby", "bread", confidence=0.9, quote="bake", **source)
    detail = api.get(f"/api/conversations/{talk.pk}").json()
    assert set(detail) == DETAIL_KEYS
    assert [list(message) for message in detail["messages"]] == [MESSAGE_KEYS] * 2
    assert [message["content"] for message in detail["messages"]] == ["I bake.", "Since when?"]
    assert [message["sender"] for message in detail["messages"]] == ["partner", "user"]
    assert Z_TIME.fullmatch(detail["messages"][0]["timestamp"])
    assert detail["topics"] == ["Attic", "Baking", "Work"]
    assert [fact["fact_key"] for fact in detail["extracted_facts"]] == ["hobby", "job"]
    assert [list(fact) for fact in detail["extracted_facts"]] == [FACT_KEYS] * 2
    assert OFFSET_TIME.fullmatch(detail["extracted_facts"][0]["extracted_at"])
    lists = ("key_insights", "suggested_topics", "suggested_questions", "action_items")
    assert [detail[key] for key in lists] == [[]] * 4


def test_messages_come_in_the_order_of_their_positions(api: APIClient, alice: User) -> None:
    talk = make_conversation(make_partner(alice))
    for position in (2, 0, 1):
        make_message(talk, f"number {position}", position=position, timestamp=NOON)
    messages = api.get(f"/api/conversations/{talk.pk}").json()["messages"]
    assert [message["position"] for message in messages] == [0, 1, 2]


def test_a_detail_without_transcript_composes_it_from_the_messages(
    api: APIClient, alice: User
) -> None:
    talk = make_conversation(make_partner(alice))
    make_message(talk, "Hi", sender="user", timestamp=NOON)
    later = NOON.replace(second=7, microsecond=54_000)
    make_message(talk, "Two\nlines", sender="partner", timestamp=later)
    composed = "2026-03-01T12:00:00+00:00 [user]: Hi\n"
    composed += "2026-03-01T12:00:07.054000+00:00 [partner]: Two\nlines"
    path = f"/api/conversations/{talk.pk}"
    assert api.get(path).json()["full_transcript"] == composed
    # The list has what is stored.
    assert api.get("/api/conversations").json()[0]["full_transcript"] is None
    Conversation.objects.update(full_transcript="")
    assert api.get(path).json()["full_transcript"] == composed
    Conversation.objects.update(full_transcript="As it was written down.")
    assert api.get(path).json()["full_transcript"] == "As it was written down."


def test_deleting_a_talk_from_which_facts_were_drawn_works(api: APIClient, alice: User) -> None:
    talk = make_conversation(make_partner(alice), "I bake.")
    make_fact(talk.partner, conversation=talk, source_message=talk.messages.get())
    answer = api.delete(f"/api/conversations/{talk.pk}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_plain_error(api.get(f"/api/conversations/{talk.pk}"), 404, "Conversation not found")
    assert api.get(f"/api/suggestions/{talk.partner_id}/facts").json() == []


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_an_unknown_talk_is_404(api: APIClient, method: str) -> None:
    answer = getattr(api, method)("/api/conversations/999999999", {"title": "x"})
    assert_plain_error(answer, 404, "Conversation not found")


def test_facts_of_a_partner_are_the_current_ones_most_certain_first(
    api: APIClient, alice: User, bob: User
) -> None:
    partner = make_partner(alice)
    make_fact(partner, "job", "baker", confidence=0.5, extracted_at=NOON)
    make_fact(partner, "city", "Bremen", confidence=0.9, extracted_at=NOON)
    make_fact(partner, "pet", "cat", confidence=0.9, extracted_at=NOON.replace(month=4))
    make_fact(partner, "old", "x", is_current=False)
    make_fact(make_partner(alice, "Eda"), "job", "pilot")
    rows = api.get(f"/api/suggestions/{partner.pk}/facts").json()
    assert [row["fact_key"] for row in rows] == ["pet", "city", "job"]
    assert [list(row) for row in rows] == [FACT_KEYS] * 3
    assert rows[1]["extracted_at"] == "2026-03-01T12:00:00+00:00"
    assert isinstance(rows[1]["confidence"], float)


def test_suggestions_have_exactly_six_keys(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    make_fact(partner, "job", "baker")
    body = api.get(f"/api/suggestions/{partner.pk}").json()
    assert list(body) == [
        "partner_name",
        "known_facts_count",
        "recent_topics",
        "conversation_starters",
        "follow_up_questions",
        "new_topic_suggestions",
    ]
    assert (body["partner_name"], body["known_facts_count"]) == ("Dana", 1)
    for key in list(body)[2:]:
        assert all(isinstance(text, str) for text in body[key])


@pytest.mark.parametrize("path", ["suggestions/{}", "suggestions/{}/facts"])
def test_suggestions_and_facts_of_an_unknown_partner_are_404(
    api: APIClient, bob: User, path: str
) -> None:
    for pk in (make_partner(bob).pk, 999_999_999):
        assert_plain_error(api.get(f"/api/{path.format(pk)}"), 404, f"Partner {pk} not found")
