"""Suggestions, facts, profiles and insights are not worked out again until something changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from conversations.models import ConversationTopic, ExtractedFact, Topic
from conversations.versions import knowledge_version
from convoai.accounts.models import User
from convoai.briefing.remembered import LONGEST_ANSWER, Remembered
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_fact, make_message, make_partner

pytestmark = pytest.mark.django_db
PATHS = ["suggestions/{}", "suggestions/{}/facts", "profiles/{}", "profiles/{}/insights"]


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    partner = make_partner(alice, "Dana")
    talk = make_conversation(partner, "I bake.", "Since when?", is_analyzed=True)
    topic = Topic.objects.create(name="Bread")
    ConversationTopic.objects.create(user=alice, conversation=talk, topic=topic)
    make_fact(partner, "hobby", "baking", conversation=talk)
    return partner


def by_sql(statement: str) -> Callable[[ConversationPartner], None]:
    """A change that leaves `updated_at` and all other columns as they were."""

    def change(partner: ConversationPartner) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return change


CHANGES: dict[str, Callable[[ConversationPartner], Any]] = {
    "a new fact": make_fact,
    "a new message": lambda partner: make_message(partner.conversations.get()),
    "a new talk": make_conversation,
    "another name": by_sql("UPDATE conversation_partners SET name = 'Eda'"),
    "another value": by_sql("UPDATE extracted_facts SET fact_value = 'rowing'"),
    "a fact less": by_sql("DELETE FROM extracted_facts"),
    "another summary": by_sql("UPDATE conversations SET summary = 'Rowing.'"),
    "a message less": by_sql("DELETE FROM messages WHERE position = 1"),
    "a topic less": by_sql("DELETE FROM conversation_topics"),
    "another topic name": by_sql("UPDATE topics SET name = 'Boats', name_key = 'boats'"),
    "a talk less": by_sql("DELETE FROM conversations"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_change_gives_another_version(
    dana: ConversationPartner, change: Callable[[ConversationPartner], Any]
) -> None:
    before = knowledge_version(dana.user, dana.pk)
    assert before == knowledge_version(dana.user, dana.pk)
    change(dana)
    assert knowledge_version(dana.user, dana.pk) != before


def test_what_others_do_changes_nothing(dana: ConversationPartner, bob: User) -> None:
    before = knowledge_version(dana.user, dana.pk)
    make_fact(make_partner(bob))
    make_fact(make_partner(dana.user, "Eda"))
    assert knowledge_version(dana.user, dana.pk) == before
    assert knowledge_version(bob, dana.pk) is None
    assert knowledge_version(dana.user, 2**63) is None


def queries(api: APIClient, path: str, **headers: str) -> tuple[int, Any]:
    with CaptureQueriesContext(connection) as captured:
        answer = api.get(path, headers=headers)
    return len(captured), answer


@pytest.mark.parametrize("path", PATHS)
def test_one_query_tells_that_nothing_changed(
    api: APIClient, dana: ConversationPartner, path: str
) -> None:
    address = "/api/" + path.format(dana.pk)
    _, first = queries(api, address)
    count, again = queries(api, address, **{"If-None-Match": first["ETag"]})
    assert (count, again.status_code, again.content) == (1, 304, b"")
    count, whole = queries(api, address)
    assert count == (2 if path.endswith("facts") else 1)
    assert (whole.content, whole["ETag"]) == (first.content, first["ETag"])
    assert whole["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", PATHS)
def test_a_change_is_seen_at_once_whoever_makes_it(
    api: APIClient, dana: ConversationPartner, path: str
) -> None:
    address = "/api/" + path.format(dana.pk)
    tag = api.get(address)["ETag"]
    by_sql("UPDATE extracted_facts SET fact_value = 'rowing'")(dana)
    after = api.get(address, headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert "rowing" in after.content.decode()
    assert after["ETag"] != tag


def test_a_past_day_is_another_answer(api: APIClient, dana: ConversationPartner) -> None:
    path = f"/api/profiles/{dana.pk}"
    now, then = api.get(path), api.get(f"{path}?as_of=2020-01-01")
    assert now["ETag"] != then["ETag"]
    assert now.json()["facts"] != then.json()["facts"] == {}
    assert api.get(f"{path}?as_of=2020-01-01").content == then.content


def test_a_tag_of_one_list_is_none_of_another(api: APIClient, dana: ConversationPartner) -> None:
    path = f"/api/suggestions/{dana.pk}/facts"
    tag = api.get(path)["ETag"]
    answer = api.get(f"{path}?fields=id", headers={"If-None-Match": tag})
    assert (answer.status_code, list(answer.json()[0])) == (200, ["id"])


def test_nobody_is_given_what_is_remembered_of_another(
    api: APIClient, bobs_api: APIClient, dana: ConversationPartner
) -> None:
    for path in PATHS:
        address = "/api/" + path.format(dana.pk)
        tag = api.get(address)["ETag"]
        assert bobs_api.get(address).status_code == 404
        assert bobs_api.get(address, headers={"If-None-Match": tag}).status_code == 404


def test_only_so_much_is_remembered() -> None:
    remembered = Remembered(most=2)
    made: list[str] = []

    def ask(what: str, version: str = "1", size: int = 1) -> None:
        def make() -> bytes:
            made.append(what + version)
            return b"x" * size

        assert len(remembered.answer(what, version, make)) == size

    for what in ("a", "b", "a", "c", "a", "b"):
        ask(what)
    assert made == ["a1", "b1", "c1", "b1"]
    ask("b", "2")
    ask("big", size=LONGEST_ANSWER + 1)
    assert (made[4:], len(remembered)) == (["b2", "big1"], 2)


def test_a_corrected_fact_is_in_the_next_suggestions(
    api: APIClient, dana: ConversationPartner
) -> None:
    assert "baking" in str(api.get(f"/api/suggestions/{dana.pk}").json())
    fact = ExtractedFact.objects.get()
    api.patch(f"/api/facts/{fact.pk}", {"fact_value": "pottery"})
    body = str(api.get(f"/api/suggestions/{dana.pk}").json())
    assert "pottery" in body
    assert "baking" not in body
