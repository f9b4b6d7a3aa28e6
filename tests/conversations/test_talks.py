"""Talks beyond the old contract: changing them, ready transcripts, names and repeated requests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from conversations.models import Conversation, Message
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.api.shapes import assert_invalid, assert_plain_error
from tests.factories import make_conversation, make_partner

pytestmark = pytest.mark.django_db
TALKS = "/api/conversations"
TALK = [{"sender": "user", "content": "Hi"}, {"sender": "partner", "content": "Hello!"}]


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice)


def post(api: APIClient, partner: ConversationPartner, **more: Any) -> Any:
    return api.post(TALKS, {"partner_id": partner.pk, **({"messages": TALK} | more)})


def test_everything_that_a_talk_may_carry_comes_back(
    api: APIClient, dana: ConversationPartner
) -> None:
    sent = {
        "title": "Lunch",
        "started_at": "2026-03-01T12:00:00Z",
        "ended_at": "2026-03-01T13:00:00Z",
        "language": "german",
        "source": "phone",
        "external_id": "call-7",
        "full_transcript": "  As it was.\r\n",
    }
    row = post(api, dana, **sent).json()
    assert {key: row[key] for key in sent} == sent
    detail = api.get(f"{TALKS}/{row['id']}").json()
    assert {key: detail[key] for key in sent} == sent
    assert [message["content"] for message in detail["messages"]] == ["Hi", "Hello!"]


@pytest.mark.parametrize(
    ("more", "loc"),
    [
        ({"started_at": "2026-13-01"}, "started_at"),
        ({"started_at": 1772366400}, "started_at"),
        ({"started_at": "2026-03-02T00:00:00Z", "ended_at": "2026-03-01T00:00:00Z"}, "ended_at"),
        ({"started_at": "2199-01-01T00:00:00Z"}, "started_at"),
        ({"language": "klingon"}, "language"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": "x" * 256}, "external_id"),
        ({"source": "x" * 51}, "source"),
        ({"title": "x" * 501}, "title"),
        ({"full_transcript": 5}, "full_transcript"),
    ],
)
def test_what_does_not_fit_is_422(
    api: APIClient, dana: ConversationPartner, more: dict[str, Any], loc: str
) -> None:
    assert_invalid(post(api, dana, **more), "body", loc)
    assert not Conversation.objects.exists()


@pytest.mark.bad_input(41)
def test_a_time_without_a_zone_is_taken_as_utc(api: APIClient, dana: ConversationPartner) -> None:
    row = post(api, dana, started_at="2026-03-01T12:00:00").json()
    assert row["started_at"] == "2026-03-01T12:00:00Z"
    row = post(api, dana, started_at="2026-03-01T12:00:00+05:30").json()
    assert row["started_at"] == "2026-03-01T06:30:00Z"


def test_a_ready_transcript_is_kept_and_also_cut_into_turns(
    api: APIClient, dana: ConversationPartner
) -> None:
    text = "Me: Hi, how is work?\nDana: Busy.\nWe are five now.\nMe: Five!\n"
    row = api.post(TALKS, {"partner_id": dana.pk, "full_transcript": text}).json()
    detail = api.get(f"{TALKS}/{row['id']}").json()
    assert detail["full_transcript"] == text
    turns = [(message["sender"], message["content"]) for message in detail["messages"]]
    assert turns == [
        ("user", "Hi, how is work?"),
        ("partner", "Busy.\nWe are five now."),
        ("user", "Five!"),
    ]


def test_what_convoai_wrote_out_can_be_read_in_again(
    api: APIClient, dana: ConversationPartner
) -> None:
    first = post(
        api,
        dana,
        messages=[{**turn, "timestamp": f"2026-03-01T12:00:0{n}Z"} for n, turn in enumerate(TALK)],
    ).json()
    written = api.get(f"{TALKS}/{first['id']}").json()
    second = api.post(
        TALKS, {"partner_id": dana.pk, "full_transcript": written["full_transcript"]}
    ).json()
    again = api.get(f"{TALKS}/{second['id']}").json()["messages"]
    keys = ("position", "sender", "content", "timestamp")
    assert [[message[key] for key in keys] for message in again] == [
        [message[key] for key in keys] for message in written["messages"]
    ]


def test_a_transcript_without_speakers_is_cut_at_paragraphs(
    api: APIClient, dana: ConversationPartner
) -> None:
    text = "\n\n".join("word " * 1_500 for _ in range(10))
    row = api.post(TALKS, {"partner_id": dana.pk, "full_transcript": text}).json()
    contents = list(
        Message.objects.filter(conversation=row["id"]).in_order().values_list("content", flat=True)
    )
    assert "".join(contents) == text
    assert max(len(content) for content in contents) <= 32_000
    assert all(content.endswith("\n\n") for content in contents[:-1])


def test_only_what_is_sent_is_changed(api: APIClient, dana: ConversationPartner) -> None:
    talk = make_conversation(dana, "Hi.", title="Lunch", summary="Short.")
    row = api.patch(f"{TALKS}/{talk.pk}", {"title": None}).json()
    assert (row["title"], row["summary"]) == (None, "Short.")
    changes = {
        "title": "Dinner",
        "summary": "Long.",
        "started_at": "2026-03-01T12:00:00Z",
        "ended_at": "2026-03-01T13:00:00Z",
        "language": "french",
        "external_id": "call-8",
    }
    row = api.patch(f"{TALKS}/{talk.pk}", changes).json()
    assert {key: row[key] for key in changes} == changes
    assert row["updated_at"]


@pytest.mark.bad_input(18)
@pytest.mark.parametrize("field", ["user_id", "partner_id", "id", "is_analyzed", "messages", "x"])
def test_what_cannot_be_changed_is_422(
    api: APIClient, dana: ConversationPartner, field: str
) -> None:
    talk = make_conversation(dana)
    answer = api.patch(f"{TALKS}/{talk.pk}", {field: 1})
    assert_invalid(answer, "body", field, kind="unknown_field")


@pytest.mark.bad_input(43)
def test_the_end_is_checked_against_the_stored_start(
    api: APIClient, dana: ConversationPartner
) -> None:
    now = timezone.now()
    talk = make_conversation(dana, started_at=now, ended_at=now + timedelta(hours=1))
    path = f"{TALKS}/{talk.pk}"
    early = (now - timedelta(minutes=1)).isoformat()
    late = (now + timedelta(hours=2)).isoformat()
    assert_invalid(api.patch(path, {"ended_at": early}), "body", "ended_at")
    assert api.patch(path, {"started_at": late}).status_code == 422
    assert api.patch(path, {"started_at": early, "ended_at": early}).status_code == 200
    assert api.patch(path, {"ended_at": None}).status_code == 200


def test_a_repeated_external_id_returns_the_same_talk(
    api: APIClient, dana: ConversationPartner
) -> None:
    first = post(api, dana, external_id="call-7", title="Lunch")
    again = post(api, dana, external_id="call-7", title="Something else")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["title"] == "Lunch"
    assert Message.objects.count() == 2
    assert post(api, dana, external_id="call-8").status_code == 201


@pytest.mark.bad_input(70)
def test_external_ids_belong_to_their_user(
    api: APIClient, bobs_api: APIClient, dana: ConversationPartner, bob: User
) -> None:
    first = post(api, dana, external_id="call-7").json()
    theirs = post(bobs_api, make_partner(bob), external_id="call-7")
    assert theirs.status_code == 201
    assert theirs.json()["id"] != first["id"]


def test_an_external_id_cannot_be_moved_onto_another_talk(
    api: APIClient, dana: ConversationPartner
) -> None:
    make_conversation(dana, external_id="call-7")
    other = make_conversation(dana)
    answer = api.patch(f"{TALKS}/{other.pk}", {"external_id": "call-7"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_talks_are_filtered(api: APIClient, dana: ConversationPartner) -> None:
    march = "2026-03-01T12:00:00Z"
    first = post(api, dana, started_at=march, source="phone", external_id="a").json()["id"]
    second = post(api, dana, started_at="2026-04-01T12:00:00Z").json()["id"]
    Conversation.objects.filter(pk=second).update(is_analyzed=True)

    def found(query: str) -> list[int]:
        return [row["id"] for row in api.get(f"{TALKS}?{query}").json()]

    assert found(f"since={march}") == [second, first]
    assert found("since=2026-03-02T00:00:00Z") == [second]
    assert found("until=2026-03-02T00:00:00Z") == [first]
    assert found("is_analyzed=true") == [second]
    assert found("is_analyzed=0") == [first]
    assert found("source=phone") == [first]
    assert found("external_id=a") == [first]
    assert found("ordering=started_at") == [first, second]
    assert_invalid(api.get(f"{TALKS}?since=soon"), "query", "since")
    assert_invalid(api.get(f"{TALKS}?is_analyzed=maybe"), "query", "is_analyzed")


def test_the_demo_talk_is_made_and_removed(api: APIClient, alice: User) -> None:
    made = api.post("/api/demo")
    assert made.status_code == 201
    detail = api.get(f"{TALKS}/{made.json()['id']}").json()
    assert len(detail["messages"]) == 8
    assert api.delete("/api/demo").status_code == 204
    gone = api.get(f"{TALKS}/{made.json()['id']}")
    assert_plain_error(gone, 404, "Conversation not found")


def test_messages_without_times_of_their_own_go_along_with_the_start(
    api: APIClient, dana: ConversationPartner
) -> None:
    said = {"sender": "partner", "content": "I moved last month."}
    timed = {**said, "timestamp": "2026-03-01T12:05:00Z"}
    for messages, expected in (([said, said], {"2024-05-01"}), ([said, timed], {"2026-03-01"})):
        talk = post(api, dana, messages=messages, started_at="2026-03-01T12:00:00Z").json()["id"]
        changed = api.patch(f"{TALKS}/{talk}", {"started_at": "2024-05-01T12:00:00Z"})
        assert changed.status_code == 200
        rows = api.get(f"{TALKS}/{talk}/messages").json()
        assert {row["timestamp"][:10] for row in rows} == expected
