"""Rows 33 and 36 to 40: numbers in paths, and query parameters of every kind."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.api.bad_input.answers import CANARY, nothing_stored, problems, refusal, send, types
from tests.factories import make_conversation, make_fact, make_partner

pytestmark = pytest.mark.django_db
TALKS = "/api/conversations/"
NO_IDS = [
    "0",
    "-1",
    "+1",
    str(2**63 - 1),
    str(2**63),
    str(10**23),
    "9" * 4_000,
    "9" * 5_000,
    "abc",
    "1.5",
    "1e3",
    "0x1",
    "1_000",
    "null",
    "None",
    "true",
    "%00",
    "1%00",
    "%0A",
    "1%0A",
    "%20",
    "%2F",
    "..%2F1",
    "%F0%9F%98%80",
    "%EF%BC%91",  # full-width 1
    "%D9%A1",  # Arabic 1
    "%FF",
    "1;2",
    "1,2",
    "*",
]
ROUTES = [
    "/api/partners/{}",
    "/api/partners/{}/image",
    "/api/conversations/{}",
    "/api/conversations/{}/messages",
    "/api/messages/{}",
    "/api/facts/{}",
    "/api/suggestions/{}/facts",
]


@pytest.mark.bad_input(36)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("number", NO_IDS, ids=lambda number: number[:20])
def test_number_that_no_row_has_is_not_found(api: APIClient, route: str, number: str) -> None:
    answer = send(api, "GET", route.format(number))
    assert refusal(answer) == (404, "not_found")


@pytest.mark.bad_input(36)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_number_that_no_row_has_cannot_be_written(api: APIClient, method: str) -> None:
    with nothing_stored():
        for number in (str(10**23), "9" * 5_000, "%00", "abc"):
            answer = send(api, method, f"/api/partners/{number}", {"name": "x"})
            assert refusal(answer) == (404, "not_found")


@pytest.mark.bad_input(36)
@pytest.mark.parametrize("slash", ["", "/"])
def test_absent_row_looks_like_somebody_elses(api: APIClient, bob: User, slash: str) -> None:
    partner = make_partner(bob)
    talk = make_conversation(partner, "Hello.")
    message = talk.messages.get()
    fact = make_fact(partner)
    for route, pk in (
        ("/api/partners/{}", partner.pk),
        ("/api/partners/{}/image", partner.pk),
        ("/api/conversations/{}", talk.pk),
        ("/api/conversations/{}/messages", talk.pk),
        ("/api/messages/{}", message.pk),
        ("/api/facts/{}", fact.pk),
        ("/api/suggestions/{}/facts", partner.pk),
    ):
        theirs = send(api, "GET", route.format(pk) + slash)
        absent = send(api, "GET", route.format(pk + 10**9) + slash)
        assert theirs.status_code == absent.status_code == 404
        sentences = [
            answer.json()["detail"].replace(str(number), "N")
            for answer, number in ((theirs, pk), (absent, pk + 10**9))
        ]
        assert sentences[0] == sentences[1]
        assert theirs.json()["code"] == absent.json()["code"]
        assert set(theirs.headers) == set(absent.headers)


BAD_PARAMETERS = [
    ("/api/conversations/", "partner_id", ["abc", "1.5", "-1", "1_0", "%00", "%D9%A1", ""]),
    (
        "/api/conversations/",
        "since",
        ["", "garbage", "%00", "2025-02-30", "0001-01-01", "infinity"],
    ),
    ("/api/conversations/", "until", ["garbage", "9999-12-31"]),
    ("/api/conversations/", "is_analyzed", ["maybe", "%00", ""]),
    ("/api/conversations/", "topic", ["%00", "a%00"]),
    ("/api/conversations/", "source", ["%00"]),
    ("/api/conversations/", "external_id", ["%00"]),
    ("/api/conversations/", "limit", ["0", "-1", "abc", "1.5", "%00", "%D9%A1", "9" * 30, ""]),
    ("/api/conversations/", "cursor", ["abc", "%00", "cD0lMDA=", "cD1hYmM=", "%F0%9F%98%80", "YQ"]),
    ("/api/conversations/", "ordering", ["user__password", "password", "%00", "", "-", "pk;x"]),
    ("/api/conversations/", "fields", ["user__password", "password", "%00", "", ",", "embedding"]),
    ("/api/partners/", "name", ["%00"]),
    ("/api/partners/", "relationship", ["%00"]),
    ("/api/partners/", "created_since", ["x"]),
    ("/api/topics", "partner_id", ["abc", "%00", "9" * 30]),
    ("/api/topics", "category", ["%00"]),
    ("/api/facts", "partner_id", ["abc", "%00"]),
    ("/api/facts", "conversation_id", ["abc"]),
    ("/api/facts", "source_message_id", ["abc"]),
    ("/api/facts", "fact_key", ["%00"]),
    ("/api/facts", "origin", [CANARY, "%00", "USER"]),
    ("/api/facts", "review", [CANARY]),
    ("/api/facts", "current", ["2"]),
    ("/api/facts", "as_of", ["x", "%00"]),
    ("/api/facts", "ordering", ["partner__user__email"]),
    ("/api/facts", "cursor", ["abc", "cD0lMDA="]),
]


@pytest.mark.bad_input(33, 37, 38, 39)
@pytest.mark.parametrize(
    ("path", "name", "value"),
    [(path, name, value) for path, name, values in BAD_PARAMETERS for value in values],
)
def test_parameter_that_does_not_fit_is_refused_by_name(
    api: APIClient, talk: Conversation, path: str, name: str, value: str
) -> None:
    answer = send(api, "GET", f"{path}?{name}={value}")
    assert {place for _, place in problems(answer)} == {f"query.{name}"}


@pytest.mark.bad_input(39)
def test_ordering_comes_from_a_list(api: APIClient, talk: Conversation) -> None:
    for path in ("/api/conversations/", "/api/partners/", "/api/facts", "/api/topics"):
        answer = send(api, "GET", f"{path}?ordering=user__password")
        assert types(answer) == ["invalid_ordering"]


@pytest.mark.bad_input(37, 38)
@pytest.mark.parametrize("parameter", ["min_count", "since", "q", "search", "page", "offset"])
@pytest.mark.parametrize("value", ["abc", "%00", "%FF", "9" * 30])
def test_parameter_that_a_route_does_not_know_is_harmless(
    api: APIClient, dana: ConversationPartner, parameter: str, value: str
) -> None:
    answer = send(api, "GET", f"/api/partners/?{parameter}={value}")
    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()] == [dana.pk]


@pytest.mark.bad_input(37)
@pytest.mark.parametrize("value", ["%FF", "%ED%A0%80", "%C0%80"])
def test_parameter_that_is_not_utf8_is_no_fault(api: APIClient, value: str) -> None:
    assert send(api, "GET", f"/api/partners/?name={value}").status_code in (200, 422)


@pytest.mark.bad_input(33)
def test_limit_is_clamped(api: APIClient, dana: ConversationPartner) -> None:
    ExtractedFact.objects.bulk_create(
        ExtractedFact(
            user_id=dana.user_id,
            partner=dana,
            category="a",
            fact_key="hobby",
            fact_value=str(number),
            many_valued=True,
        )
        for number in range(201)
    )
    for limit in ("201", "1000000", str(10**18)):
        answer = send(api, "GET", f"/api/facts?limit={limit}")
        assert len(answer.json()) == 200
        assert answer["X-Total-Count"] == "201"
    assert len(send(api, "GET", "/api/facts").json()) == 50


@pytest.mark.bad_input(40)
@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "*/*;q=0", "x", ""])
def test_answer_is_json_whatever_is_accepted(
    api: APIClient, dana: ConversationPartner, accept: str
) -> None:
    for path, status in (
        ("/api/partners/", 200),
        (f"/api/partners/{dana.pk}?format=xml", 200),
        ("/api/partners/?format=api", 200),
        ("/api/partners/77777", 404),
        ("/api/nothing", 404),
        ("/api/conversations/?limit=x", 422),
    ):
        assert send(api, "GET", path, HTTP_ACCEPT=accept).status_code == status
    assert send(api, "POST", "/api/facts", "{", HTTP_ACCEPT=accept).status_code == 422
    assert (
        send(api, "POST", f"/api/partners/{dana.pk}", "{}", HTTP_ACCEPT=accept).status_code == 405
    )
