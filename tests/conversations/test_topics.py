"""Topics over the API: those of the own talks, with counts."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation, Topic
from convoai.accounts.models import User
from tests.api.shapes import Z_TIME, assert_invalid
from tests.factories import make_conversation, make_partner

pytestmark = pytest.mark.django_db


def about(talk: Conversation, *names: str) -> None:
    for name in names:
        topic, _ = Topic.objects.get_or_create(
            name_key=name.casefold(), defaults={"name": name, "category": "Life"}
        )
        talk.topics.add(topic, through_defaults={"user": talk.user})


@pytest.fixture(autouse=True)
def talks(alice: User, bob: User) -> Any:
    """Two talks of Alice with Dana, one with Eda, and many of Bob about the same topics."""
    dana, eda = make_partner(alice), make_partner(alice, "Eda")
    about(make_conversation(dana), "Travel", "Work")
    about(make_conversation(dana), "Travel")
    about(make_conversation(eda), "Travel", "Music")
    theirs = make_partner(bob)
    for _ in range(4):
        about(make_conversation(theirs), "Work", "Chess")
    return dana


def counts(api: APIClient, query: str = "") -> list[tuple[str, int]]:
    rows = api.get(f"/api/topics{query}").json()
    return [(row["name"], row["conversation_count"]) for row in rows]


def test_own_topics_are_counted_the_most_talked_about_first(api: APIClient) -> None:
    assert counts(api) == [("Travel", 3), ("Music", 1), ("Work", 1)]


def test_a_topic_has_its_agreed_keys(api: APIClient) -> None:
    row = api.get("/api/topics").json()[0]
    assert list(row) == ["id", "name", "category", "conversation_count", "created_at"]
    assert row["category"] == "Life"
    assert Z_TIME.fullmatch(row["created_at"])


def test_topics_of_a_partner_count_the_talks_with_that_partner(
    api: APIClient, bobs_api: APIClient, talks: Any
) -> None:
    assert counts(api, f"?partner_id={talks.pk}") == [("Travel", 2), ("Work", 1)]
    assert counts(bobs_api, f"?partner_id={talks.pk}") == []
    assert counts(api, "?partner_id=999999999") == []


def test_topics_are_ordered_by_name_and_filtered_by_category(api: APIClient) -> None:
    assert [name for name, _ in counts(api, "?ordering=name")] == ["Music", "Travel", "Work"]
    assert len(counts(api, "?category=LIFE")) == 3
    assert counts(api, "?category=other") == []
    assert_invalid(api.get("/api/topics?partner_id=x"), "query", "partner_id")


def test_talks_are_found_by_a_topic_however_it_is_spelled(api: APIClient) -> None:
    for spelling in ("Travel", "TRAVEL", " travel "):
        found = api.get("/api/conversations", {"topic": spelling}).json()
        assert len(found) == 3
    assert api.get("/api/conversations?topic=Chess").json() == []


def test_a_deleted_talk_is_no_longer_counted(api: APIClient, talks: Any) -> None:
    api.delete(f"/api/partners/{talks.pk}")
    assert counts(api) == [("Music", 1), ("Travel", 1)]
