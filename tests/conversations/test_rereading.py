"""A message is corrected, and the quote of a fact is gone: as if its source had been deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact, Message
from convoai.accounts.models import User
from tests.conversations.rows import check_deferred
from tests.factories import make_conversation, make_fact, make_message, make_partner

pytestmark = pytest.mark.django_db
Correct = Callable[[Message, str], None]


@pytest.fixture(params=["API", "SQL"])
def correct(request: pytest.FixtureRequest, api: APIClient) -> Correct:
    """Writes other words into a message; what it does must not depend on who writes them."""

    def through_api(message: Message, content: str) -> None:
        answer = api.patch(f"/api/messages/{message.pk}", {"content": content})
        assert answer.status_code == 200

    def through_sql(message: Message, content: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE messages SET content = %s WHERE id = %s", [content, message.pk])

    def checked(message: Message, content: str) -> None:
        (through_api if request.param == "API" else through_sql)(message, content)
        check_deferred()

    return checked


@pytest.fixture
def talk(alice: User) -> Conversation:
    return make_conversation(make_partner(alice), "I moved to Porto.", "When?")


def quoting(talk: Conversation, value: str = "Porto", **fields: Any) -> ExtractedFact:
    """A fact that quotes the first message."""
    message = talk.messages.get(position=0)
    fields.setdefault("source_message", message)
    fields.setdefault("quote", value)
    fields.setdefault("quote_start", message.content.find(fields["quote"]))
    return make_fact(
        talk.partner, fields.pop("key", "home_city"), value, conversation=talk, **fields
    )


def closed_by(newer: ExtractedFact, value: str, **fields: Any) -> ExtractedFact:
    columns = {"is_current": False, "valid_to": newer.extracted_at, "superseded_by": newer}
    return make_fact(newer.partner, newer.fact_key, value, **{**columns, **fields})


def first(talk: Conversation) -> Message:
    message: Message = talk.messages.get(position=0)
    return message


def state(fact: ExtractedFact) -> tuple[Any, ...]:
    fact.refresh_from_db()
    return (fact.is_current, fact.review, fact.quote, fact.source_message_id)


def test_a_fact_that_rests_on_it_alone_is_retired(talk: Conversation, correct: Correct) -> None:
    fact = quoting(talk)
    correct(first(talk), "I moved to Lisbon.")
    assert state(fact) == (False, "needs_review", "", None)
    assert (fact.conversation_id, fact.quote_start, fact.valid_to) == (talk.pk, None, None)
    assert fact.updated_at is not None


def test_the_older_value_becomes_current_again(talk: Conversation, correct: Correct) -> None:
    fact = quoting(talk)
    older = closed_by(fact, "Ghent")
    correct(first(talk), "I moved house.")
    older.refresh_from_db()
    assert (older.is_current, older.valid_to, older.superseded_by_id) == (True, None, None)


def test_a_value_from_the_middle_leaves_the_chain_whole(
    talk: Conversation, correct: Correct
) -> None:
    newest = make_fact(talk.partner, "home_city", "Faro")
    middle = quoting(talk, is_current=False, valid_to=newest.extracted_at, superseded_by=newest)
    oldest = closed_by(middle, "Ghent")
    correct(first(talk), "I moved house.")
    oldest.refresh_from_db()
    assert (oldest.is_current, oldest.superseded_by_id) == (False, newest.pk)
    assert state(middle) == (False, "needs_review", "", None)
    assert middle.superseded_by_id is None


def test_two_values_of_one_message_heal_together(talk: Conversation, correct: Correct) -> None:
    newer = quoting(talk)
    older = quoting(
        talk, "moved", is_current=False, valid_to=newer.extracted_at, superseded_by=newer
    )
    oldest = closed_by(older, "Ghent")
    correct(first(talk), "Nothing new.")
    oldest.refresh_from_db()
    assert (oldest.is_current, oldest.superseded_by_id) == (True, None)


@pytest.mark.parametrize(
    "touched",
    [
        {"review": "confirmed"},
        {"review": "corrected"},
        {"origin": "user"},
        {"pinned_at": "2026-01-01T10:00:00Z"},
    ],
    ids=["confirmed", "corrected", "hand-made", "pinned"],
)
def test_what_the_person_touched_stays_and_loses_the_quote(
    talk: Conversation, correct: Correct, touched: dict[str, str]
) -> None:
    fact = quoting(talk, **touched)
    older = closed_by(fact, "Ghent")
    correct(first(talk), "I moved to Lisbon.")
    assert state(fact) == (True, touched.get("review", "unreviewed"), "", None)
    older.refresh_from_db()
    assert older.superseded_by_id == fact.pk


def test_a_rejected_fact_stays_rejected(talk: Conversation, correct: Correct) -> None:
    fact = quoting(talk, review="rejected", is_current=False)
    correct(first(talk), "I moved to Lisbon.")
    assert state(fact) == (False, "rejected", "", None)


def test_a_quote_that_still_stands_keeps_or_finds_its_place(
    talk: Conversation, correct: Correct
) -> None:
    fact = quoting(talk)
    correct(first(talk), "🦉 Oh, Porto! I moved to Porto.")
    fact.refresh_from_db()
    assert (fact.quote_start, fact.review, fact.is_current) == (6, "unreviewed", True)
    # The second of two is where it stood: it stays there.
    ExtractedFact.objects.filter(pk=fact.pk).update(quote_start=24)
    correct(first(talk), "🦉 Oh, Porto! I moved to Porto!")
    fact.refresh_from_db()
    assert fact.quote_start == 24


def test_facts_on_other_messages_and_without_a_quote_are_left_alone(
    talk: Conversation, correct: Correct
) -> None:
    other = make_message(talk, "I bake.")
    elsewhere = quoting(talk, "bake", key="hobby", source_message=other, quote_start=2)
    unquoted = quoting(talk, "Ghent", key="birthplace", quote="", quote_start=None)
    correct(first(talk), "Nothing new.")
    assert state(elsewhere) == (True, "unreviewed", "bake", other.pk)
    assert state(unquoted)[:2] == (True, "unreviewed")


def test_words_of_the_other_speaker_are_no_evidence(api: APIClient, talk: Conversation) -> None:
    fact = quoting(talk)
    brother = quoting(talk, key="employer", subject="Tom")
    api.patch(f"/api/messages/{first(talk).pk}", {"sender": "user"})
    assert state(fact) == (False, "needs_review", "", None)
    assert state(brother)[:2] == (True, "unreviewed")


def test_a_retired_fact_can_be_confirmed_after_all(api: APIClient, talk: Conversation) -> None:
    fact = quoting(talk)
    older = closed_by(fact, "Ghent")
    api.patch(f"/api/messages/{first(talk).pk}", {"content": "I moved."})
    assert [row["id"] for row in api.get("/api/facts?review=needs_review").json()] == [fact.pk]
    row = api.post(f"/api/facts/{fact.pk}/confirm").json()
    assert (row["is_current"], row["review"]) == (True, "confirmed")
    older.refresh_from_db()
    assert (older.is_current, older.superseded_by_id) == (False, fact.pk)
