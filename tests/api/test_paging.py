"""Pages: the body stays an array; Link and X-Total-Count carry the rest."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation, ConversationTopic, ExtractedFact, Message, Topic
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.api.shapes import assert_invalid
from tests.factories import make_conversation, make_fact, make_partner

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDERED = {
    "partners": ["id", "-id", "name", "-name", "created_at", "-created_at"],
    "conversations": ["-started_at", "started_at", "-created_at", "created_at", "id", "-id"],
    "topics": ["-conversation_count", "conversation_count", "name", "-name"],
    "facts": [
        "-extracted_at",
        "extracted_at",
        "-confidence",
        "confidence",
        "fact_key",
        "id",
        "-id",
    ],
}
PAIRS = [(path, ordering) for path, orderings in ORDERED.items() for ordering in orderings]


def links(answer: Any) -> dict[str, str]:
    """The addresses of the Link header by their relation."""
    found = re.findall(r'<([^>]+)>; rel="(\w+)"', answer.get("Link", ""))
    return {relation: address for address, relation in found}


def pages(api: APIClient, address: str, relation: str = "next") -> Iterator[list[Any]]:
    """The pages from this address on."""
    seen = set()
    while address:
        assert address not in seen, "the pages go round in circles"
        seen.add(address)
        answer = api.get(address)
        assert answer.status_code == 200, answer.content
        yield answer.json()
        address = links(answer).get(relation, "")


@pytest.fixture
def seven(alice: User, bob: User) -> User:
    """Alice with seven rows of everything, many of them alike, and Bob with some too."""
    for user in (alice, bob):
        partners = [make_partner(user, "Same" if n % 2 else f"P{n}") for n in range(7)]
        for n, partner in enumerate(partners):
            talk = make_conversation(partner, started_at=NOON + timedelta(days=n // 3))
            topic, _ = Topic.objects.get_or_create(name=f"Topic {n}")
            talk.topics.add(topic, through_defaults={"user": user})
            if n == 0:
                make_conversation(partner, started_at=NOON).topics.add(
                    topic, through_defaults={"user": user}
                )
            make_fact(partner, confidence=(n // 3) / 10, extracted_at=NOON)
    return alice


@pytest.mark.parametrize(("path", "ordering"), PAIRS)
def test_walking_all_pages_gives_every_row_once_and_in_order(
    api: APIClient, seven: User, path: str, ordering: str
) -> None:
    address = f"/api/{path}?ordering={ordering}"
    whole = api.get(f"{address}&limit=200").json()
    walked = list(pages(api, f"{address}&limit=2"))
    assert [row["id"] for page in walked for row in page] == [row["id"] for row in whole]
    assert all(len(page) == 2 for page in walked[:-1])
    assert len(whole) == {"conversations": 8}.get(path, 7)


def test_going_back_gives_the_same_rows(api: APIClient, seven: User) -> None:
    forward = list(pages(api, "/api/facts?limit=3"))
    answer = api.get("/api/facts?limit=3")
    while "next" in links(answer):
        answer = api.get(links(answer)["next"])
    back = list(pages(api, links(answer)["prev"], "prev"))
    assert back[::-1] == forward[:-1]


def test_rows_that_are_all_alike_are_walked_too(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    ExtractedFact.objects.bulk_create(
        ExtractedFact(
            user=alice,
            partner=partner,
            category="work",
            fact_key="hobby",
            fact_value=str(n),
            many_valued=True,
            extracted_at=NOON,
        )
        for n in range(2_300)
    )
    for ordering in ("-extracted_at", "-confidence"):
        walked = pages(api, f"/api/facts?limit=200&fields=id&ordering={ordering}")
        ids = [row["id"] for page in walked for row in page]
        assert len(ids) == len(set(ids)) == 2_300


def test_a_row_that_comes_in_between_shifts_nothing(api: APIClient, seven: User) -> None:
    first = api.get("/api/conversations?limit=3")
    make_conversation(make_partner(seven), started_at=NOON + timedelta(days=9))
    rest = [row["id"] for page in pages(api, links(first)["next"]) for row in page]
    ids = [row["id"] for row in first.json()] + rest
    assert len(ids) == len(set(ids)) == 8


def test_old_routes_have_no_limit_unless_asked(api: APIClient, alice: User) -> None:
    ConversationPartner.objects.bulk_create(
        ConversationPartner(user=alice, name=f"P{n}") for n in range(250)
    )
    partner = ConversationPartner.objects.first()
    Conversation.objects.bulk_create(Conversation(user=alice, partner=partner) for _ in range(250))
    for path in ("partners", "conversations"):
        answer = api.get(f"/api/{path}")
        assert (len(answer.json()), answer["X-Total-Count"]) == (250, "250")
        assert "Link" not in answer
        assert len(api.get(f"/api/{path}?limit=100").json()) == 100


def test_new_routes_have_pages_of_50(api: APIClient, alice: User) -> None:
    talk = make_conversation(make_partner(alice))
    Message.objects.bulk_create(
        Message(user=alice, conversation=talk, position=n, sender="user", content="Hi")
        for n in range(60)
    )
    topics = Topic.objects.bulk_create(Topic(name=f"T{n}", name_key=f"t{n}") for n in range(60))
    ConversationTopic.objects.bulk_create(
        ConversationTopic(user=alice, conversation=talk, topic=topic) for topic in topics
    )
    ExtractedFact.objects.bulk_create(
        ExtractedFact(
            user=alice, partner=talk.partner, category="c", fact_key=f"k{n}", fact_value="v"
        )
        for n in range(60)
    )
    for path in (f"conversations/{talk.pk}/messages", "topics", "facts"):
        answer = api.get(f"/api/{path}")
        assert isinstance(answer.json(), list)
        assert (len(answer.json()), answer["X-Total-Count"]) == (50, "60")
        assert list(links(answer)) == ["next"]
        assert len(api.get(links(answer)["next"]).json()) == 10


@pytest.mark.bad_input(33)
def test_a_limit_is_held_to_200(api: APIClient, alice: User) -> None:
    ConversationPartner.objects.bulk_create(
        ConversationPartner(user=alice, name=f"P{n}") for n in range(210)
    )
    for limit in (201, 1_000_000, 10**15):
        assert len(api.get(f"/api/partners?limit={limit}").json()) == 200


@pytest.mark.bad_input(33)
@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "", "１", "1_0", "9" * 30, "%00"])
def test_a_limit_that_is_none_is_422(api: APIClient, limit: str) -> None:
    for path in ("partners", "conversations", "facts", "topics"):
        assert_invalid(api.get(f"/api/{path}?limit={limit}"), "query", "limit")


def forged(*parts: Any) -> str:
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.bad_input(33)
@pytest.mark.parametrize(
    "junk",
    [
        "x",
        "",
        "%%%",
        "a" * 6000,
        "\0",
        "bz14",
        "５",
        forged(),
        forged(False, ["-extracted_at", "-pk"], 5),
        forged(False, ["-pk"], [1]),
        forged(False, ["user__password"], ["a"]),
        urlsafe_b64encode(b"\xff\xfe").decode(),
        urlsafe_b64encode(b"[" * 3000).decode(),
    ],
)
def test_a_cursor_that_no_page_gave_is_422(api: APIClient, seven: User, junk: str) -> None:
    for path in ORDERED:
        answer = api.get(f"/api/{path}", {"cursor": junk})
        assert_invalid(answer, "query", "cursor", kind="invalid_cursor")


VALUES = ["junk", "\0", "9" * 40, 10**18, 10**40, -1, 0.5, None, True, [], "\ud800", "0001-01-01"]


@pytest.mark.bad_input(33)
@pytest.mark.parametrize(("path", "ordering"), PAIRS)
def test_a_cursor_with_forged_values_does_no_harm(
    api: APIClient, seven: User, path: str, ordering: str
) -> None:
    given = links(api.get(f"/api/{path}?limit=2&ordering={ordering}"))["next"]
    encoded = parse_qs(urlsplit(given).query)["cursor"][0]
    backwards, columns, values = json.loads(urlsafe_b64decode(encoded + "==="))
    for place in range(len(values)):
        for value in VALUES:
            parts = [*values[:place], value, *values[place + 1 :]]
            query = {"cursor": forged(backwards, columns, parts), "ordering": ordering}
            answer = api.get(f"/api/{path}", query)
            if answer.status_code != 200:
                assert_invalid(answer, "query", "cursor", kind="invalid_cursor")


def test_a_cursor_of_another_ordering_is_422(api: APIClient, seven: User) -> None:
    given = links(api.get("/api/facts?limit=2&ordering=id"))["next"]
    answer = api.get(given.replace("ordering=id", "ordering=-id"))
    assert_invalid(answer, "query", "cursor", kind="invalid_cursor")


@pytest.mark.bad_input(69)
def test_a_cursor_of_another_owner_shows_only_own_rows(
    api: APIClient, bobs_api: APIClient, seven: User, bob: User
) -> None:
    address = links(api.get("/api/facts?limit=2"))["next"]
    own = {fact.pk for fact in ExtractedFact.objects.filter(user=bob)}
    assert {row["id"] for row in bobs_api.get(address).json()} <= own


@pytest.mark.bad_input(39)
@pytest.mark.parametrize(
    "ordering", ["user__password", "password", "-", "", "name,id", "?", "name;drop", "--name"]
)
def test_only_offered_orderings_are_taken(api: APIClient, ordering: str) -> None:
    for path in ORDERED:
        answer = api.get(f"/api/{path}", {"ordering": ordering})
        assert_invalid(answer, "query", "ordering", kind="invalid_ordering")


def test_fields_trims_an_answer(api: APIClient, alice: User) -> None:
    talk = make_conversation(make_partner(alice), "Hello.", full_transcript="x" * 10_000)
    rows = api.get("/api/conversations?fields=id,title").json()
    assert rows == [{"id": talk.pk, "title": None}]
    assert list(api.get(f"/api/conversations/{talk.pk}?fields=messages,id").json()) == [
        "id",
        "messages",
    ]
    assert api.get(f"/api/partners/{talk.partner_id}?fields=name").json() == {"name": "Dana"}
    for fields in ("", "password", "id,password", ",", "user__password"):
        answer = api.get("/api/conversations", {"fields": fields})
        assert_invalid(answer, "query", "fields", kind="unknown_field")


def test_fields_without_the_transcript_does_not_read_it(
    api: APIClient, alice: User, django_assert_num_queries: Any
) -> None:
    make_conversation(make_partner(alice), full_transcript="x" * 10_000)
    with django_assert_num_queries(1) as captured:
        api.get("/api/conversations?fields=id,title")
    assert "full_transcript" not in captured.captured_queries[0]["sql"]
