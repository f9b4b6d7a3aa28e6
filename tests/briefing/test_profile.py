"""What is known about a partner, now and on a past day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import ConversationTopic, Topic
from convoai.accounts.models import User
from tests.factories import make_conversation, make_fact, make_partner

KEYS = [
    "partner_id",
    "partner_name",
    "email",
    "phone",
    "relationship",
    "notes",
    "statistics",
    "facts",
    "other_facts",
    "topics",
    "last_conversation",
    "created_at",
]
STATISTICS = [
    "total_conversations",
    "total_messages",
    "all_conversations",
    "all_messages",
    "total_facts",
    "facts_about_partner",
    "facts_about_you",
    "facts_about_others",
    "pinned_facts",
    "topics_count",
]
MARCH = datetime(2025, 3, 1, 12, tzinfo=UTC)
JUNE = datetime(2025, 6, 1, 12, tzinfo=UTC)


def read(api: APIClient, path: str) -> dict[str, Any]:
    response = api.get(f"/api/profiles/{path}")
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def values(profile: dict[str, Any]) -> set[str]:
    return {fact["value"] for facts in profile["facts"].values() for fact in facts}


def test_a_new_partner_has_an_empty_profile(api: APIClient, alice: User) -> None:
    partner = make_partner(alice, "Dana", relationship="Neighbour")
    body = read(api, str(partner.pk))
    assert list(body) == KEYS
    assert (body["partner_name"], body["relationship"]) == ("Dana", "Neighbour")
    assert body["statistics"] == dict.fromkeys(STATISTICS, 0)
    assert (body["facts"], body["other_facts"], body["topics"]) == ({}, [], [])
    assert body["last_conversation"] is None
    assert body["created_at"].endswith("+00:00")


def test_it_counts_analysed_talks_and_shows_current_facts(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    talk = make_conversation(
        partner, "I bake.", "Since when?", is_analyzed=True, summary="Bread.", started_at=MARCH
    )
    make_conversation(partner, "Hello.", started_at=JUNE)
    for name in ("Work", "Bread"):
        topic = Topic.objects.create(name=name)
        ConversationTopic.objects.create(user=alice, conversation=talk, topic=topic)
    make_fact(partner, "employer", "Nordlicht", is_current=False)
    make_fact(partner, "employer", "Harbour Radio", confidence=0.8)
    make_fact(partner, "hobby", "baking", category="interest")
    body = read(api, str(partner.pk))
    counted = dict(zip(STATISTICS, (1, 2, 2, 3, 2, 2, 0, 0, 0, 2), strict=True))
    assert body["statistics"] == counted
    assert set(body["facts"]) == {"work", "interest"}
    [employer] = body["facts"]["work"]
    assert list(employer) == ["id", "key", "value", "confidence", "extracted_at", "is_pinned"]
    assert (employer["key"], employer["value"]) == ("employer", "Harbour Radio")
    assert employer["extracted_at"].endswith("+00:00")
    assert sorted(body["topics"]) == ["Bread", "Work"]
    assert body["last_conversation"] == {
        "id": talk.pk,
        "date": "2025-03-01T12:00:00+00:00",
        "summary": "Bread.",
    }


def test_facts_about_others_are_named_and_counted(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    make_fact(partner, "hobby", "pottery", confidence=0.9)
    pinned = make_fact(partner, "hobby", "golf", many_valued=True, confidence=0.5)
    make_fact(partner, "hobby", "chess", subject="Tom")
    make_fact(partner, "hobby", "rowing", subject="user")
    make_fact(partner, "hobby", "flying", subject="Eda", review="needs_review")
    api.post(f"/api/facts/{pinned.pk}/pin")
    body = read(api, str(partner.pk))
    assert {(row["subject"], row["value"]) for row in body["other_facts"]} == {
        ("Tom", "chess"),
        ("user", "rowing"),
    }
    assert [row["value"] for row in body["facts"]["work"]] == ["golf", "pottery"]
    assert [row["is_pinned"] for row in body["facts"]["work"]] == [True, False]
    figures = body["statistics"]
    assert [figures[name] for name in STATISTICS[4:9]] == [4, 2, 1, 1, 1]
    summary = read(api, f"{partner.pk}/insights")["profile_summary"]
    known = api.get(f"/api/suggestions/{partner.pk}").json()["known_facts_count"]
    assert summary["facts_count"] == known == 4


def test_a_past_day_shows_what_was_known_and_true_then(api: APIClient, alice: User) -> None:
    """The talk of June tells of a move in April: in May the old town was still believed."""
    partner = make_partner(alice)
    early = make_conversation(partner, "Hi.", is_analyzed=True, started_at=MARCH)
    late = make_conversation(partner, "Hi.", is_analyzed=True, started_at=JUNE)
    new = make_fact(
        partner,
        "home_city",
        "Porto",
        conversation=late,
        valid_from=datetime(2025, 4, 1, tzinfo=UTC),
    )
    make_fact(
        partner,
        "home_city",
        "Ghent",
        conversation=early,
        valid_from=MARCH,
        is_current=False,
        valid_to=new.valid_from,
        superseded_by=new,
    )
    make_fact(partner, "pet", "Miso", conversation=early, is_current=False, review="rejected")
    assert values(read(api, str(partner.pk))) == {"Porto"}
    assert values(read(api, f"{partner.pk}?as_of=2025-02-28")) == set()
    assert values(read(api, f"{partner.pk}?as_of=2025-05-31")) == {"Ghent"}
    assert values(read(api, f"{partner.pk}?as_of=2025-06-01T13:00:00Z")) == {"Porto"}
    may = read(api, f"{partner.pk}?as_of=2025-05-31")
    assert may["statistics"]["total_conversations"] == 1
    assert may["last_conversation"]["id"] == early.pk


def test_a_day_means_its_end(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    talk = make_conversation(partner, "Hi.", is_analyzed=True, started_at=MARCH)
    make_fact(partner, conversation=talk)
    assert values(read(api, f"{partner.pk}?as_of=2025-03-01")) == {"Nordlicht"}
    assert values(read(api, f"{partner.pk}?as_of=2025-03-01T11:00:00Z")) == set()


@pytest.mark.parametrize("asked", ["", "soon", "2025-13-01", "9999-01-01"])
def test_a_day_that_is_none_is_refused(api: APIClient, alice: User, asked: str) -> None:
    response = api.get(f"/api/profiles/{make_partner(alice).pk}?as_of={asked}")
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", "as_of"]


def test_no_key_is_needed_and_one_is_ignored(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    assert read(api, f"{partner.pk}?gemini_api_key=abc") == read(api, str(partner.pk))


@pytest.mark.parametrize("path", ["{}", "{}/insights"])
def test_unknown_and_other_peoples_partners_are_404(api: APIClient, bob: User, path: str) -> None:
    for pk in (999_999, make_partner(bob).pk):
        response = api.get("/api/profiles/" + path.format(pk))
        assert response.status_code == 404
        assert response.json()["detail"] == f"Partner {pk} not found"


def test_insights_offer_something_to_say(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    make_conversation(partner, "Hi.", is_analyzed=True, suggested_questions=["Did the boat sell?"])
    make_fact(partner, "employer", "Harbour Radio")
    body = read(api, f"{partner.pk}/insights")
    assert list(body) == ["partner_id", "partner_name", "suggestions", "profile_summary"]
    assert body["suggestions"][0] == "How are things at Harbour Radio?"
    assert "Did the boat sell?" in body["suggestions"]
    assert body["profile_summary"] == {
        "facts_count": 1,
        "topics_count": 0,
        "conversations_count": 1,
    }


@pytest.mark.parametrize("path", ["profiles/{}", "profiles/{}/insights", "partners/{}/briefing"])
def test_who_has_the_newest_version_is_told_so(api: APIClient, alice: User, path: str) -> None:
    partner = make_partner(alice)
    address = "/api/" + path.format(partner.pk)
    tag = api.get(address)["ETag"]
    assert api.get(address, headers={"If-None-Match": tag}).status_code == 304
    make_fact(partner)
    assert api.get(address, headers={"If-None-Match": tag}).status_code == 200
