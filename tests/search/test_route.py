"""Searching over the API: what is found, and what the answer looks like."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation, ConversationTopic, Topic
from convoai.accounts.models import User
from tests.api.shapes import assert_invalid
from tests.factories import make_conversation, make_message, make_partner
from tests.search.asking import found, search

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(alice: User) -> Conversation:
    partner = make_partner(alice, "Dana Weiss")
    return make_conversation(
        partner,
        "My sister keeps bees in Porto.",
        "How many hives does she have?",
        "Nine, and she sells the honey.",
        title="Bees",
        started_at=datetime(2026, 5, 8, tzinfo=UTC),
    )


def test_a_question_finds_the_message_that_answers_it(api: APIClient, talk: Conversation) -> None:
    body = search(api, "Where does the sister keep her bees?")
    first = talk.messages.get(position=0)
    assert list(body) == [
        "query",
        "mode",
        "took_ms",
        "results",
        "next_offset",
        "dropped",
        "not_embedded",
    ]
    assert body["query"] == "Where does the sister keep her bees?"
    result = body["results"][0]
    assert result["score"] is not None
    assert result == {
        "type": "message",
        "id": first.pk,
        "score": result["score"],
        "conversation_id": talk.pk,
        "partner_id": talk.partner_id,
        "partner_name": "Dana Weiss",
        "title": "Bees",
        "timestamp": result["timestamp"],
        "sender": "partner",
        "speaker": None,
        "position": 0,
        "message_id": first.pk,
        "category": None,
        "is_current": None,
        "snippet": "My <mark>sister</mark> <mark>keeps</mark> <mark>bees</mark> in Porto.",
    }
    assert result["timestamp"].endswith("Z")


def test_both_slash_forms_and_the_old_health_route_answer(
    api: APIClient, talk: Conversation
) -> None:
    for path in ("/api/search", "/api/search/"):
        results = api.get(path, {"q": "hives"}).json()["results"]
        assert results[0]["id"] == talk.messages.get(position=1).pk
    assert api.get("/api/search/health").json()["service"] == "gemini_search"


@pytest.mark.parametrize(
    "question",
    [
        "What did my friend say about her sister's bees, and when was it?",
        "bees",
        "BEES",
        "who sells honey",
        "Which unheard-of xylophone honey?",
        "tell me about the hive",
    ],
)
def test_a_question_in_plain_words_never_comes_back_empty(
    api: APIClient, talk: Conversation, question: str
) -> None:
    assert found(api, question)


def test_words_that_only_ask_are_named_as_dropped(api: APIClient, talk: Conversation) -> None:
    body = search(api, "Did Dana mention honey")
    assert "mention" in body["dropped"]
    assert "honey" not in body["dropped"]


@pytest.mark.parametrize("q", ["", "   ", "?!", "-", '""'])
def test_nothing_to_look_for_finds_nothing(api: APIClient, talk: Conversation, q: str) -> None:
    body = search(api, q)
    assert (body["results"], body["next_offset"]) == ([], None)


def test_quotes_exclude_and_or(api: APIClient, talk: Conversation) -> None:
    sister, _, honey = talk.messages.order_by("position").values_list("pk", flat=True)
    assert found(api, '"keeps bees"') == [sister]
    assert found(api, '"bees keeps"') == []
    assert found(api, "sister honey -sells")[0] == sister
    assert honey not in found(api, "sister honey -sells")
    assert set(found(api, "sister OR honey")[:2]) == {sister, honey}


@pytest.mark.bad_input(37, 38)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("q", "a\0b"),
        ("type", "messages"),
        ("type", ""),
        ("type", "message,nonsense"),
        ("type", "\0"),
        ("mode", "fuzzy"),
        ("sender", "alien"),
        ("partner_id", "abc"),
        ("partner_id", "-1"),
        ("conversation_id", "1.5"),
        ("conversation_id", "9" * 30),
        ("topic", "a\0"),
        ("category", "\0"),
        ("since", "garbage"),
        ("until", "\0"),
        ("until", "9999-01-01"),
        ("limit", "0"),
        ("limit", "x"),
        ("limit", "1" * 27),
        ("offset", "-1"),
        ("offset", "10001"),
        ("offset", "\0"),
        ("explain", "perhaps"),
    ],
)
def test_a_value_that_does_not_fit_is_422_and_not_repeated(
    api: APIClient, name: str, value: str
) -> None:
    answer = api.get("/api/search", {"q": "bees", name: value})
    assert_invalid(answer, "query", name)
    assert len(value) < 3 or value not in answer.content.decode()


def test_a_search_without_q_is_422(api: APIClient) -> None:
    assert_invalid(api.get("/api/search"), "query", "q", kind="missing")


@pytest.mark.bad_input(32)
@pytest.mark.parametrize("q", ["word " * 30_000, "a " * 65, "x" * 513])
def test_a_question_that_is_too_long_is_422(api: APIClient, q: str) -> None:
    assert_invalid(api.get("/api/search", {"q": q}), "query", "q", kind="query_too_long")


@pytest.mark.bad_input(33)
def test_a_limit_above_200_counts_as_200(api: APIClient, talk: Conversation) -> None:
    for _ in range(201):
        make_message(talk, "Another hive.")
    assert len(found(api, "hive", limit=1_000_000)) == 200
    assert len(found(api, "hive")) == 20


def test_pages_follow_each_other_without_gaps_or_repeats(
    api: APIClient, talk: Conversation
) -> None:
    for number in range(25):
        make_message(talk, f"A hive and {number} bees.")
    whole = found(api, "hive bees", limit=50)
    pages: list[int] = []
    offset: int | None = 0
    while offset is not None:
        page = search(api, "hive bees", limit=7, offset=offset)
        pages += [result["id"] for result in page["results"]]
        offset = page["next_offset"]
    assert pages == whole
    assert len(set(whole)) == len(whole) >= 27


def test_filters_narrow_the_messages(api: APIClient, talk: Conversation, alice: User) -> None:
    other = make_conversation(make_partner(alice, "Eda"), "I have bees too.", title="More bees")
    topic = Topic.objects.create(name="Beekeeping")
    ConversationTopic.objects.create(user=alice, conversation=other, topic=topic)
    (theirs,) = other.messages.values_list("pk", flat=True)
    talk.messages.exclude(position=0).delete()
    (old,) = talk.messages.values_list("pk", flat=True)
    talk.messages.update(timestamp=datetime(2026, 5, 8, 12, tzinfo=UTC))
    assert set(found(api, "bees")) == {old, theirs}
    assert set(found(api, "bees", partner_id=0)) == {old, theirs}
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({"partner_id": talk.partner_id}, [old]),
        ({"conversation_id": other.pk}, [theirs]),
        ({"topic": "beekeeping"}, [theirs]),
        ({"topic": "knitting"}, []),
        ({"sender": "user"}, []),
        ({"until": "2026-05-09"}, [old]),
        ({"since": "2026-05-09"}, [theirs]),
        ({"partner_id": 999_999_999}, []),
        ({"conversation_id": 0}, []),
    ]
    for parameters, expected in cases:
        assert found(api, "bees", **parameters) == expected, parameters


def test_explain_says_what_a_score_is_made_of(api: APIClient, talk: Conversation) -> None:
    (plain,) = search(api, "honey", mode="text")["results"][:1]
    (explained,) = search(api, "honey", mode="text", explain=1)["results"][:1]
    assert "signals" not in plain
    assert explained["signals"]
    assert {type(share) for share in explained["signals"].values()} == {float}


def test_a_mode_that_was_asked_is_used_or_the_answer_says_otherwise(
    api: APIClient, talk: Conversation
) -> None:
    assert search(api, "honey", mode="text")["mode"] == "text"
    assert search(api, "honey", mode="hybrid")["mode"] in ("hybrid", "text")


def test_words_between_marks_of_other_languages_are_found(
    api: APIClient, talk: Conversation
) -> None:
    message = make_message(talk, "<script>lighthouse</script> and/or <harbour>, 24/7")
    for word in ("lighthouse", "harbour", "script", "and/or harbour", "24/7"):
        assert found(api, word)[0] == message.pk, word
