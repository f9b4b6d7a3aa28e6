"""Rows 19 to 24: text that is odd but somebody's own, kept to the letter."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation, Topic
from partners.models import ConversationPartner
from tests.api.bad_input.answers import nothing_stored, problems, refusal, send, types

pytestmark = pytest.mark.django_db
PARTNERS = "/api/partners/"
TALKS = "/api/conversations/"
FAMILY = "👩‍👩‍👧‍👦"  # seven code points
ODD = {
    "right to left override": "Ann\u202eybbob",
    "zero width": "Da\u200bna\ufeff",
    "homoglyph": "Dаna",
    "zalgo": "Z" + "\u0301\u0316\u0334" * 80,
    "nfd": "Zoe\u0308",
    "emoji": FAMILY * 30,
    "controls": "a\tb\r\nc\x01\x7f\x85\u2028",
    "spaces": "  Dana\u00a0 ",
    "html": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "link": "javascript:alert(1)",
    "template": "{{ 7*7 }} {% debug %} ${7*7} %s %(x)s {0}",
    "sql": "'; DROP TABLE users; --",
    "empty": "",
}


@pytest.mark.bad_input(19, 20, 21, 22)
@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_odd_name_comes_back_to_the_letter(api: APIClient, name: str) -> None:
    made = send(api, "POST", PARTNERS, {"name": name, "notes": name})
    assert made.status_code == 201
    read = send(api, "GET", f"{PARTNERS}{made.json()['id']}")
    assert read.json()["name"] == name
    assert read.json()["notes"] == name


@pytest.mark.bad_input(19)
@pytest.mark.parametrize("character", ["a", "é", "😀", "\u0301", "漢"])
def test_limits_are_counted_in_code_points(
    api: APIClient, dana: ConversationPartner, character: str
) -> None:
    fits = {"partner_id": dana.pk, "messages": [], "title": character * 500}
    assert send(api, "POST", TALKS, fits).json()["title"] == character * 500
    with nothing_stored():
        answer = send(api, "POST", TALKS, {**fits, "title": character * 501})
        assert problems(answer) == [("string_too_long", "body.title")]


@pytest.mark.bad_input(19)
def test_ten_thousand_combining_marks_are_kept(api: APIClient, dana: ConversationPartner) -> None:
    words = "Z" + "\u0301\u0316" * 5_000
    message = {"sender": "user", "content": words}
    made = send(api, "POST", TALKS, {"partner_id": dana.pk, "messages": [message]})
    detail = send(api, "GET", f"{TALKS}{made.json()['id']}").json()
    assert detail["messages"][0]["content"] == words


@pytest.mark.bad_input(21, 45)
def test_spellings_of_a_topic_meet_and_wildcards_are_plain_characters(
    api: APIClient, talk: Conversation
) -> None:
    for number, name in enumerate(["Zoe\u0308", "%", "_"]):
        topic = Topic.objects.create(name=name)
        talk.conversation_topics.create(
            user_id=talk.user_id, topic=topic, relevance_score=number + 1
        )
    assert Topic.objects.get_by_natural_key("  ZOË ").name == "Zoe\u0308"
    assert {row["name"] for row in send(api, "GET", "/api/topics").json()} == {
        "Zoe\u0308",
        "%",
        "_",
    }
    for wanted, found in (("ZO%C3%8B", 1), ("%25", 1), ("_", 1), ("Z%25", 0), ("Zo_", 0)):
        assert len(send(api, "GET", f"{TALKS}?topic={wanted}").json()) == found, wanted


@pytest.mark.bad_input(45)
@pytest.mark.parametrize("name", ["%25", "_", "%5C", "D%25a", "D_na"])
def test_wildcards_in_a_name_match_themselves_only(
    api: APIClient, dana: ConversationPartner, name: str
) -> None:
    assert send(api, "GET", f"{PARTNERS}?name={name}").json() == []


@pytest.mark.bad_input(23)
@pytest.mark.parametrize("content", ["", " ", "\t\r\n", "\u00a0\u2003\u3000"])
def test_message_without_words_is_refused(api: APIClient, talk: Conversation, content: str) -> None:
    message = {"sender": "user", "content": content}
    with nothing_stored():
        created = send(api, "POST", TALKS, {"partner_id": talk.partner_id, "messages": [message]})
        assert problems(created) == [("string_too_short", "body.messages.0.content")]
        added = send(api, "POST", f"{TALKS}{talk.pk}/messages", [message])
        assert problems(added) == [("string_too_short", "body.0.content")]
        one = talk.messages.first()
        assert one is not None
        corrected = send(api, "PATCH", f"/api/messages/{one.pk}", {"content": content})
        assert problems(corrected) == [("string_too_short", "body.content")]


@pytest.mark.bad_input(23)
def test_talk_without_messages_is_accepted(api: APIClient, dana: ConversationPartner) -> None:
    """Existing frontends open a talk before anything was said."""
    answer = send(api, "POST", TALKS, {"partner_id": dana.pk, "messages": []})
    assert answer.status_code == 201


@pytest.mark.bad_input(24)
def test_more_than_20000_messages_are_refused(api: APIClient, talk: Conversation) -> None:
    messages = [{"sender": "user", "content": "a"}] * 20_001
    with nothing_stored():
        body = {"partner_id": talk.partner_id, "messages": messages}
        assert refusal(send(api, "POST", TALKS, body)) == (413, "too_many_items")
        added = send(api, "POST", f"{TALKS}{talk.pk}/messages", messages)
        assert refusal(added) == (413, "too_many_items")


@pytest.mark.bad_input(24)
def test_one_bad_message_among_a_thousand_keeps_all_out(api: APIClient, talk: Conversation) -> None:
    messages: list[Any] = [{"sender": "user", "content": f"number {n}"} for n in range(1_000)]
    with nothing_stored():
        for bad in (
            None,
            {},
            {"sender": "alien", "content": "x"},
            {"sender": "user", "content": 5},
        ):
            body = {"partner_id": talk.partner_id, "messages": [*messages, bad]}
            assert ".1000" in problems(send(api, "POST", TALKS, body))[0][1]
            added = send(api, "POST", f"{TALKS}{talk.pk}/messages", [*messages, bad])
            assert problems(added)[0][1].startswith("body.1000")


@pytest.mark.bad_input(24)
def test_five_thousand_bad_messages_make_a_short_answer(api: APIClient, talk: Conversation) -> None:
    answer = send(api, "POST", f"{TALKS}{talk.pk}/messages", [{}] * 5_000)
    assert set(types(answer)) == {"missing"}
    assert len(answer.content) < 20_000
