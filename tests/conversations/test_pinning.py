"""Pinned facts, and one word on several facts at once."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import ExtractedFact
from convoai.accounts.models import User
from convoai.analysis.services import analyze_conversation
from partners.models import ConversationPartner
from tests.api.shapes import assert_invalid, assert_plain_error
from tests.conversations.rows import chain
from tests.factories import make_conversation, make_fact, make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice, "Dana")


def judge(api: APIClient, action: str, *facts: ExtractedFact) -> Any:
    return api.post("/api/facts/bulk", {"action": action, "ids": [fact.pk for fact in facts]})


def states() -> list[tuple[str, bool]]:
    facts = ExtractedFact.objects.order_by("pk")
    return [(fact.review, fact.pinned_at is not None) for fact in facts]


def test_a_fact_is_pinned_and_unpinned(api: APIClient, dana: ConversationPartner) -> None:
    fact = make_fact(dana)
    path = f"/api/facts/{fact.pk}"
    assert api.get(path).json()["pinned_at"] is None
    pinned = api.post(f"{path}/pin").json()
    assert pinned["pinned_at"].endswith("Z")
    assert (pinned["review"], pinned["is_current"]) == ("unreviewed", True)
    assert api.post(f"{path}/pin").json() == pinned == api.get(path).json()
    assert [row["id"] for row in api.get("/api/facts?pinned=true").json()] == [fact.pk]
    assert api.get("/api/facts?pinned=false").json() == []
    assert api.delete(f"{path}/pin").json()["pinned_at"] is None
    assert api.get("/api/facts?pinned=true").json() == []


def test_a_pinned_fact_outlives_a_new_analysis_and_its_talk(
    api: APIClient, dana: ConversationPartner
) -> None:
    talk = make_conversation(dana, "I live in Porto. I adopted a guinea pig.")
    analyze_conversation(conversation=talk)
    home = ExtractedFact.objects.get(fact_key="home_city")
    api.post(f"/api/facts/{home.pk}/pin")
    api.post(f"/api/conversations/{talk.pk}/analyze?force=true")
    assert ExtractedFact.objects.get(fact_key="home_city").pk == home.pk
    api.delete(f"/api/conversations/{talk.pk}")
    left = ExtractedFact.objects.get()
    assert (left.pk, left.is_current, left.quote) == (home.pk, True, "")


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("confirm", ("confirmed", False)),
        ("reject", ("rejected", False)),
        ("pin", ("unreviewed", True)),
    ],
)
def test_one_word_on_several_facts(
    api: APIClient, dana: ConversationPartner, action: str, expected: tuple[str, bool]
) -> None:
    chosen = [make_fact(dana, f"key {number}") for number in range(3)]
    make_fact(dana, "other")
    answer = judge(api, action, chosen[2], chosen[0], chosen[1], chosen[0])
    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()] == [chosen[2].pk, chosen[0].pk, chosen[1].pk]
    assert states() == [expected] * 3 + [("unreviewed", False)]


def test_unpinning_several(api: APIClient, dana: ConversationPartner) -> None:
    facts = [make_fact(dana, f"key {n}", pinned_at="2026-01-01T10:00:00Z") for n in range(2)]
    rows = judge(api, "unpin", *facts).json()
    assert [row["pinned_at"] for row in rows] == [None, None]


def test_the_answer_shows_what_a_word_on_one_did_to_another(
    api: APIClient, dana: ConversationPartner
) -> None:
    older, newer = chain(dana, "AB")
    rows = judge(api, "reject", older, newer).json()
    assert [row["is_current"] for row in rows] == [False, False]
    rows = judge(api, "confirm", older, newer).json()
    assert [(row["review"], row["is_current"]) for row in rows] == [
        ("confirmed", False),
        ("confirmed", True),
    ]


@pytest.mark.bad_input(67)
@pytest.mark.parametrize("action", ["confirm", "reject", "pin", "unpin"])
def test_a_list_with_somebody_elses_fact_is_404_and_none_is_changed(
    api: APIClient, dana: ConversationPartner, bob: User, action: str
) -> None:
    own, theirs = make_fact(dana), make_fact(make_partner(bob))
    before = list(ExtractedFact.objects.order_by("pk").values())
    for foreign in (theirs.pk, 999_999_999, 2**63 - 1):
        answer = api.post("/api/facts/bulk", {"action": action, "ids": [own.pk, foreign]})
        assert_plain_error(answer, 404, "Fact not found")
    assert list(ExtractedFact.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"action": "confirm"}, ["ids"]),
        ({"action": "confirm", "ids": []}, ["ids"]),
        ({"action": "confirm", "ids": ["x"]}, ["ids", 0]),
        ({"action": "confirm", "ids": [True]}, ["ids", 0]),
        ({"action": "confirm", "ids": 5}, ["ids"]),
        ({"action": "burn", "ids": [1]}, ["action"]),
        ({"ids": [1]}, ["action"]),
        ({"action": "pin", "ids": [1], "user_id": 2}, ["user_id"]),
    ],
)
def test_a_wrong_list_is_422(api: APIClient, body: dict[str, Any], place: list[str | int]) -> None:
    assert_invalid(api.post("/api/facts/bulk", body), "body", *place)


def test_more_than_500_ids_are_413(api: APIClient, alice: User) -> None:
    answer = api.post("/api/facts/bulk", {"action": "pin", "ids": list(range(1, 502))})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_items")
