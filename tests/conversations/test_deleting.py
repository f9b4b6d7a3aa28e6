"""A user, a partner, a talk or a message goes at once, with all that hangs on it and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation, ConversationTopic, ExtractedFact, Message, Topic
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.conversations.rows import check_deferred, sql
from tests.factories import make_conversation, make_fact, make_partner

pytestmark = pytest.mark.django_db
PATHS = {"conversation_partners": "partners", "conversations": "conversations"}

Delete = Callable[[Any], object]


@pytest.fixture(params=["api", "orm", "queryset", "sql"])
def delete(request: pytest.FixtureRequest, api: APIClient) -> Delete:
    """Deletes a row in one of the ways there are."""

    def through_api(row: Any) -> None:
        table = row._meta.db_table
        answer = api.delete(f"/api/{PATHS.get(table, table)}/{row.pk}")
        assert (answer.status_code, answer.content) == (204, b"")

    ways: dict[str, Delete] = {
        "api": through_api,
        "orm": lambda row: row.delete(),
        "queryset": lambda row: type(row).objects.filter(pk=row.pk).delete(),
        "sql": lambda row: sql(f"DELETE FROM {row._meta.db_table} WHERE id = %s", row.pk),
    }
    way = ways[request.param]

    def delete_and_check(row: Any) -> None:
        way(row)
        check_deferred()

    return delete_and_check


def counts(user: User) -> list[int]:
    """How many partners, talks, messages, topic links and facts the user has."""
    models = (ConversationPartner, Conversation, Message, ConversationTopic, ExtractedFact)
    return [model._base_manager.filter(user=user).count() for model in models]


def fill(user: User) -> Conversation:
    """A partner with a talk of two messages, a topic, and facts of every kind."""
    talk = make_conversation(make_partner(user), "I work at Nordlicht.", "Since when?")
    topic, _ = Topic.objects.get_or_create(name="Work")
    talk.topics.add(topic, through_defaults={"user": user})
    source = {"conversation": talk, "source_message": talk.messages.get(position=0)}
    quoted = {**source, "quote": "I work at Nordlicht", "quote_start": 0}
    make_fact(talk.partner, "employer", "Nordlicht", **quoted)
    make_fact(talk.partner, "imported", "x", origin="import", **quoted)
    make_fact(talk.partner, "reviewed", "x", review="needs_review", **quoted)
    make_fact(talk.partner, "refused", "x", review="rejected", is_current=False, **quoted)
    make_fact(talk.partner, "role", "baker", review="confirmed", **quoted)
    make_fact(talk.partner, "team", "five", review="corrected", **quoted)
    make_fact(talk.partner, "since", "May", origin="user", **quoted)
    make_fact(talk.partner, "city", "Bremen", conversation=talk)
    make_fact(talk.partner, "shoe_size", "41")
    return talk


KEPT = {"role", "team", "since", "shoe_size"}


def keys() -> set[str]:
    return set(ExtractedFact.objects.values_list("fact_key", flat=True))


def test_a_partner_takes_talks_and_facts_along(delete: Delete, alice: User, bob: User) -> None:
    talk, others = fill(alice), fill(bob)
    sibling = make_conversation(make_partner(alice, "Eda"), "Hello.")
    delete(talk.partner)
    assert counts(alice) == [1, 1, 1, 0, 0]
    assert counts(bob) == [1, 1, 2, 1, 9]
    assert Conversation.objects.filter(pk__in=[sibling.pk, others.pk]).count() == 2


def test_a_talk_takes_messages_links_and_facts_that_rest_on_it(
    delete: Delete, alice: User, bob: User
) -> None:
    talk = fill(alice)
    fill(bob)
    delete(talk)
    assert counts(alice) == [1, 0, 0, 0, 4]
    assert counts(bob) == [1, 1, 2, 1, 9]
    assert set(ExtractedFact.objects.filter(user=alice).values_list("fact_key", flat=True)) == KEPT


def test_facts_of_the_person_outlive_their_talk_without_the_quote(
    delete: Delete, alice: User
) -> None:
    delete(fill(alice))
    assert keys() == KEPT
    for fact in ExtractedFact.objects.all():
        assert (fact.conversation_id, fact.source_message_id) == (None, None)
        assert (fact.quote, fact.quote_start) == ("", None)
        assert fact.is_current


def test_a_message_takes_only_the_facts_that_rest_on_it(delete: Delete, alice: User) -> None:
    talk = fill(alice)
    delete(talk.messages.get(position=0))
    assert keys() == KEPT | {"city"}
    assert counts(alice) == [1, 1, 1, 1, 5]
    kept = ExtractedFact.objects.get(fact_key="role")
    assert (kept.conversation_id, kept.source_message_id, kept.quote) == (talk.pk, None, "")


def test_a_message_that_nothing_rests_on_takes_nothing(delete: Delete, alice: User) -> None:
    delete(fill(alice).messages.get(position=1))
    assert counts(alice) == [1, 1, 1, 1, 9]


@pytest.mark.parametrize("way", ["orm", "queryset", "sql"])
def test_a_user_takes_everything_along(alice: User, bob: User, way: str) -> None:
    fill(alice)
    fill(bob)
    number = alice.pk
    if way == "orm":
        alice.delete()
    elif way == "queryset":
        User.objects.filter(pk=alice.pk).delete()
    else:
        sql("DELETE FROM users WHERE id = %s", alice.pk)
    check_deferred()
    alice.pk = number
    assert counts(alice) == [0, 0, 0, 0, 0]
    assert counts(bob) == [1, 1, 2, 1, 9]
    assert not User.objects.filter(username="alice").exists()


def test_many_talks_go_in_one_statement(alice: User) -> None:
    talks = [fill(alice) for _ in range(3)]
    Conversation.objects.filter(pk__in=[talk.pk for talk in talks[:2]]).delete()
    check_deferred()
    assert counts(alice) == [3, 1, 2, 1, 4 + 4 + 9]


def test_a_topic_stays_when_its_last_talk_goes_but_nobody_sees_it(
    api: APIClient, alice: User
) -> None:
    talk = fill(alice)
    assert [topic["name"] for topic in api.get("/api/topics").json()] == ["Work"]
    api.delete(f"/api/conversations/{talk.pk}")
    assert api.get("/api/topics").json() == []
    assert Topic.objects.filter(name="Work").exists()


def test_deleting_twice_is_404(api: APIClient, alice: User) -> None:
    talk = fill(alice)
    for path, sentence in (
        (f"/api/messages/{talk.messages.get(position=0).pk}", "Message not found"),
        (f"/api/facts/{ExtractedFact.objects.get(fact_key='role').pk}", "Fact not found"),
        (f"/api/conversations/{talk.pk}", "Conversation not found"),
        (f"/api/partners/{talk.partner_id}", "Partner not found"),
    ):
        assert api.delete(path).status_code == 204
        again = api.delete(path)
        assert (again.status_code, again.json()["detail"]) == (404, sentence)
