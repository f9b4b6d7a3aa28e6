"""Rows 65 to 74: what belongs to others, named in bodies, parameters, headers and names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from conversations.models import Conversation, ConversationTopic, ExtractedFact, Topic
from convoai.accounts.models import User
from convoai.accounts.services import create_api_key
from partners.models import ConversationPartner
from tests.api.bad_input.answers import (
    CANARY,
    nothing_stored,
    problems,
    refusal,
    send,
)
from tests.api.bad_input.injected import fail_on
from tests.factories import make_conversation, make_fact, make_message, make_partner, make_user

pytestmark = pytest.mark.django_db
PARTNERS = "/api/partners/"
TALKS = "/api/conversations/"
ABSENT = 10**9
FACT = {"category": "work", "fact_key": "employer", "fact_value": "Nordlicht"}
LISTS = [PARTNERS, TALKS, "/api/facts", "/api/topics", "/api/auth/keys"]


@pytest.fixture
def bobs_talk(bob: User) -> Conversation:
    """Bob's talk, with everything that can hang on one; every word of it is marked."""
    partner = make_partner(bob, CANARY, notes=CANARY, email=f"{CANARY}@example.org")
    talk = make_conversation(
        partner, CANARY, CANARY, title=CANARY, summary=CANARY, external_id=CANARY
    )
    topic = Topic.objects.create(name=CANARY)
    ConversationTopic.objects.create(user=bob, conversation=talk, topic=topic)
    make_fact(partner, value=CANARY, conversation=talk, source_message=talk.messages.first())
    return talk


def shown(answer: Any, number: int) -> tuple[int, Any]:
    """Status and error of an answer, without what differs from request to request."""
    body = answer.json()
    body.pop("request_id", None)
    return answer.status_code, str(body).replace(str(number), "N")


@pytest.mark.bad_input(65)
def test_talk_cannot_name_somebody_elses_partner(api: APIClient, bobs_talk: Conversation) -> None:
    answers = []
    with nothing_stored():
        for number in (bobs_talk.partner_id, ABSENT):
            body = {"partner_id": number, "messages": [{"sender": "user", "content": "Hello."}]}
            answer = send(api, "POST", TALKS, body)
            assert refusal(answer) == (404, "not_found")
            assert answer.json()["detail"] == "Partner not found"
            answers.append(shown(answer, number))
    assert answers[0] == answers[1]


@pytest.mark.bad_input(65)
@pytest.mark.parametrize("field", ["partner_id", "conversation_id", "source_message_id"])
def test_fact_cannot_name_what_is_somebody_elses(
    api: APIClient, talk: Conversation, bobs_talk: Conversation, field: str
) -> None:
    message = bobs_talk.messages.first()
    assert message is not None
    theirs = {
        "partner_id": bobs_talk.partner_id,
        "conversation_id": bobs_talk.pk,
        "source_message_id": message.pk,
    }[field]
    answers = []
    with nothing_stored():
        for number in (theirs, ABSENT):
            answer = send(
                api, "POST", "/api/facts", {**FACT, "partner_id": talk.partner_id, field: number}
            )
            assert problems(answer) == [("not_found", f"body.{field}")]
            answers.append(shown(answer, number))
    assert answers[0] == answers[1]


@pytest.mark.bad_input(65)
def test_changes_cannot_move_a_row_to_somebody_else(
    api: APIClient, talk: Conversation, bobs_talk: Conversation
) -> None:
    fact = make_fact(talk.partner)
    message = talk.messages.first()
    assert message is not None
    with nothing_stored():
        for path, field in (
            (f"{TALKS}{talk.pk}", "partner_id"),
            (f"/api/messages/{message.pk}", "conversation_id"),
            (f"/api/facts/{fact.pk}", "partner_id"),
            (f"/api/facts/{fact.pk}", "superseded_by"),
        ):
            answer = send(api, "PATCH", path, {field: bobs_talk.pk})
            assert problems(answer) == [("unknown_field", f"body.{field}")]


@pytest.mark.bad_input(66)
def test_evidence_must_come_from_a_talk_with_that_partner(
    api: APIClient, alice: User, talk: Conversation
) -> None:
    other = make_conversation(make_partner(alice, "Eve"), "I moved to Porto.")
    foreign = other.messages.get()
    own = talk.messages.first()
    assert own is not None
    with nothing_stored():
        for fields in (
            {"conversation_id": other.pk},
            {"source_message_id": foreign.pk},
            {"conversation_id": talk.pk, "source_message_id": foreign.pk},
            {"conversation_id": other.pk, "source_message_id": own.pk},
        ):
            body = {**FACT, "partner_id": talk.partner_id, **fields}
            ((kind, _),) = problems(send(api, "POST", "/api/facts", body))
            assert kind == "other_partner"


@pytest.mark.bad_input(66)
def test_quote_must_stand_in_the_message(api: APIClient, talk: Conversation) -> None:
    message = talk.messages.first()
    assert message is not None
    body = {**FACT, "partner_id": talk.partner_id, "quote": f"I moved to {CANARY}."}
    with nothing_stored():
        answer = send(api, "POST", "/api/facts", {**body, "source_message_id": message.pk})
        assert problems(answer) == [("quote_not_found", "body.quote")]
        answer = send(api, "POST", "/api/facts", body)
        assert problems(answer) == [("quote_without_message", "body.source_message_id")]


@pytest.mark.bad_input(68)
def test_lists_show_exactly_the_own_rows(
    api: APIClient, bobs_api: APIClient, alice: User, talk: Conversation, bobs_talk: Conversation
) -> None:
    shared = Topic.objects.create(name="Travel")
    for each in (talk, bobs_talk):
        ConversationTopic.objects.create(user_id=each.user_id, conversation=each, topic=shared)
    fact = make_fact(talk.partner)
    own: dict[str, list[Any]] = {
        PARTNERS: [talk.partner_id],
        TALKS: [talk.pk],
        "/api/facts": [fact.pk],
        "/api/topics": [shared.pk],
        "/api/auth/keys": [],
    }
    for path, expected in own.items():
        answer = send(api, "GET", path)
        assert [row["id"] for row in answer.json()] == expected, path
        assert answer["X-Total-Count"] == str(len(expected))
        assert [row["id"] for row in send(api, "GET", f"{path}?limit=200").json()] == expected
    (topic,) = send(api, "GET", "/api/topics").json()
    assert topic["conversation_count"] == 1, "talks of others are not counted"
    assert len(send(bobs_api, "GET", "/api/topics").json()) == 2


@pytest.mark.bad_input(68)
def test_filters_do_not_ask_other_peoples_rows(
    api: APIClient, talk: Conversation, bobs_talk: Conversation
) -> None:
    """A topic that both talk about tells nothing of what Bob talks about with whom."""
    shared = Topic.objects.create(name="Travel")
    for each in (talk, bobs_talk):
        ConversationTopic.objects.create(user_id=each.user_id, conversation=each, topic=shared)
    theirs = bobs_talk.partner_id
    for path in (
        f"/api/topics?partner_id={theirs}",
        f"/api/facts?partner_id={theirs}",
        f"/api/facts?conversation_id={bobs_talk.pk}",
        f"{TALKS}?partner_id={theirs}",
        f"{TALKS}?topic={CANARY}",
        f"{TALKS}?external_id={CANARY}",
        f"{PARTNERS}?name={CANARY}",
    ):
        assert send(api, "GET", path).json() == [], path


@pytest.mark.bad_input(68)
def test_topics_of_a_partner_count_that_partners_talks(api: APIClient, alice: User) -> None:
    topic = Topic.objects.create(name="Travel")
    counts = {}
    for name, number in (("Dana", 2), ("Eve", 3)):
        partner = make_partner(alice, name)
        counts[partner.pk] = number
        for _ in range(number):
            talk = make_conversation(partner)
            ConversationTopic.objects.create(user=alice, conversation=talk, topic=topic)
    for pk, number in counts.items():
        (row,) = send(api, "GET", f"/api/topics?partner_id={pk}").json()
        assert row["conversation_count"] == number
    (row,) = send(api, "GET", "/api/topics").json()
    assert row["conversation_count"] == 5


@pytest.mark.bad_input(69)
def test_cursor_of_somebody_else_shows_own_rows_only(
    api: APIClient, bobs_api: APIClient, bob: User, talk: Conversation, bobs_talk: Conversation
) -> None:
    make_partner(bob, "Second")
    link = send(bobs_api, "GET", f"{PARTNERS}?limit=1")["Link"]
    cursor = link.split("cursor=")[1].split(">")[0].split("&")[0]
    rows = send(api, "GET", f"{PARTNERS}?limit=200&cursor={cursor}").json()
    assert {row["user_id"] for row in rows} <= {talk.user_id}


@pytest.mark.bad_input(69, 93)
def test_idempotency_key_of_somebody_else_is_free(
    api: APIClient, bobs_api: APIClient, alice: User, dana: ConversationPartner, bob: User
) -> None:
    his = make_partner(bob)
    numbers = set()
    for client, partner in ((bobs_api, his), (api, dana)):
        body = {"partner_id": partner.pk, "messages": []}
        answer = send(client, "POST", TALKS, body, HTTP_IDEMPOTENCY_KEY="same")
        assert answer.status_code == 201
        assert answer.json()["partner_id"] == partner.pk
        numbers.add(answer.json()["id"])
    assert len(numbers) == 2


@pytest.mark.bad_input(69)
def test_etag_of_somebody_elses_row_opens_nothing(
    api: APIClient, bobs_api: APIClient, bobs_talk: Conversation
) -> None:
    path = f"{TALKS}{bobs_talk.pk}"
    etag = send(bobs_api, "GET", path)["ETag"]
    for tag in (etag, "*"):
        assert send(api, "GET", path, HTTP_IF_NONE_MATCH=tag).status_code == 404
        with nothing_stored():
            answer = send(api, "PATCH", path, {"title": "mine"}, HTTP_IF_MATCH=tag)
            assert answer.status_code == 404


@pytest.mark.bad_input(70)
def test_names_that_somebody_else_uses_are_free(
    api: APIClient, dana: ConversationPartner, bobs_talk: Conversation
) -> None:
    for _ in range(2):
        assert send(api, "POST", PARTNERS, {"name": CANARY}).status_code == 201
    body = {"partner_id": dana.pk, "messages": [], "external_id": CANARY}
    first = send(api, "POST", TALKS, body)
    assert first.status_code == 201
    assert first.json()["id"] != bobs_talk.pk
    again = send(api, "POST", TALKS, body)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    answer = send(api, "POST", "/api/facts", {**FACT, "partner_id": dana.pk})
    assert answer.status_code == 201


@pytest.mark.bad_input(70)
def test_name_that_another_own_talk_has_is_a_conflict(
    api: APIClient, talk: Conversation, dana: ConversationPartner
) -> None:
    make_conversation(dana, external_id=CANARY)
    answer = api.patch(f"{TALKS}{talk.pk}", {"external_id": CANARY}, HTTP_ORIGIN="http://x")
    assert refusal(answer) == (409, "conflict")
    assert CANARY not in answer.content.decode()


@pytest.mark.bad_input(71)
def test_user_id_in_a_request_changes_nothing(
    api: APIClient, alice: User, bob: User, talk: Conversation, bobs_talk: Conversation
) -> None:
    for path in LISTS:
        own = send(api, "GET", path).json()
        for value in (str(bob.pk), "0", "abc", "%00"):
            assert send(api, "GET", f"{path}?user_id={value}").json() == own
    assert send(api, "GET", f"{TALKS}{bobs_talk.pk}?user_id={bob.pk}").status_code == 404
    made = send(api, "POST", f"{PARTNERS}?user_id={bob.pk}", {"name": "Eve"})
    assert made.json()["user_id"] == alice.pk


@pytest.mark.bad_input(72, 124)
def test_no_answer_to_alice_and_no_log_line_holds_a_word_of_bob(
    api: APIClient, talk: Conversation, bobs_talk: Conversation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    partner, message = bobs_talk.partner_id, bobs_talk.messages.first()
    fact = ExtractedFact.objects.filter(user=bobs_talk.user_id).get()
    assert message is not None
    answers = [
        api.generic(method, path, "{}", content_type="application/json")
        for path in (
            *LISTS,
            f"{PARTNERS}{partner}",
            f"{PARTNERS}{partner}/image",
            f"{TALKS}{bobs_talk.pk}",
            f"{TALKS}{bobs_talk.pk}/messages",
            f"/api/messages/{message.pk}",
            f"/api/facts/{fact.pk}",
            f"/api/facts/{fact.pk}/confirm",
            f"/api/suggestions/{partner}/facts",
            "/api/nothing",
        )
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    ]
    for answer in answers:
        assert answer.status_code != 500
        assert CANARY.encode() not in b"".join(answer)
    assert CANARY not in "".join(
        record.getMessage() for record in caplog.records if record.name != "django.db.backends"
    )


@pytest.mark.bad_input(73)
def test_requests_on_one_connection_see_only_their_own(
    nobody: APIClient, talk: Conversation, bobs_talk: Conversation
) -> None:
    def seen_by(user: User | None) -> Any:
        client = APIClient()
        if user:
            client.credentials(
                HTTP_AUTHORIZATION=f"Bearer {create_api_key(user=user, name='x')[1]}"
            )
        return send(client, "GET", TALKS)

    for _ in range(2):
        assert [row["id"] for row in seen_by(talk.user).json()] == [talk.pk]
        assert seen_by(None).status_code == 401
        assert [row["id"] for row in seen_by(bobs_talk.user).json()] == [bobs_talk.pk]
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE source = 'session'")
        assert cursor.fetchall() == [], "nothing of a user stays behind"


@pytest.mark.bad_input(74)
def test_fault_in_the_middle_of_one_request_shows_nothing_to_the_next(
    client_of: Callable[[User], APIClient], talk: Conversation, bobs_talk: Conversation
) -> None:
    fail_on("messages", "P0001")
    body = [{"sender": "user", "content": CANARY}]
    broken = send(client_of(talk.user), "POST", f"{TALKS}{talk.pk}/messages", body)
    assert refusal(broken) == (500, "internal")
    theirs = send(client_of(bobs_talk.user), "GET", TALKS)
    assert [row["id"] for row in theirs.json()] == [bobs_talk.pk]
    assert talk.messages.count() == 2


@pytest.mark.bad_input(68)
def test_staff_see_only_their_own_rows_in_the_api(
    client_of: Callable[[User], APIClient], bobs_talk: Conversation
) -> None:
    staff = client_of(make_user("root", is_staff=True, is_superuser=True))
    for path in LISTS:
        assert send(staff, "GET", path).json() == []
    make_message(bobs_talk)
    assert send(staff, "GET", f"{TALKS}{bobs_talk.pk}").status_code == 404
