"""The seven tables: their names, their old columns, and what the database itself holds."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from rest_framework.test import APIClient

from conversations.models import Topic
from convoai.accounts.models import User
from tests.conversations.rows import check_deferred, sql
from tests.factories import make_conversation, make_fact, make_message, make_partner

OLD_COLUMNS = {
    "users": "id email username hashed_password is_active created_at updated_at",
    "conversation_partners": "id user_id name email phone notes relationship image_url image_path "
    "image_embedding created_at updated_at",
    "conversations": "id user_id partner_id title summary full_transcript is_analyzed started_at "
    "ended_at embedding created_at updated_at transcript_search",
    "messages": "id conversation_id sender content timestamp created_at",
    "topics": "id name category created_at",
    "conversation_topics": "conversation_id topic_id relevance_score created_at",
    "extracted_facts": "id partner_id conversation_id category fact_key fact_value confidence "
    "source_message_id is_current extracted_at created_at updated_at",
}
OWNED = ["conversation_partners", "conversations", "messages", "extracted_facts"]
OWNED_TOO = [*OWNED, "conversation_topics"]
pytestmark = pytest.mark.django_db


def test_peoples_data_stands_in_exactly_seven_tables() -> None:
    ours = {
        model._meta.db_table
        for label in ("accounts", "partners", "conversations")
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    }
    # Django's own tables of rights and knox's keys are about accounts, not about people's talks.
    assert ours - {"api_keys", "users_groups", "users_user_permissions"} == set(OLD_COLUMNS)
    assert set(OLD_COLUMNS) <= set(connection.introspection.table_names())


@pytest.mark.parametrize("table", OLD_COLUMNS)
def test_the_old_columns_are_there(table: str) -> None:
    columns = sql("SELECT column_name FROM information_schema.columns WHERE table_name = %s", table)
    assert set(OLD_COLUMNS[table].split()) <= {name for (name,) in columns}


@pytest.mark.parametrize("table", OWNED_TOO)
def test_every_row_of_a_person_carries_its_owner(table: str) -> None:
    found = sql(
        "SELECT is_nullable FROM information_schema.columns "
        "WHERE table_name = %s AND column_name = 'user_id'",
        table,
    )
    assert found == [("NO",)]


@pytest.mark.parametrize(
    ("table", "column", "kind"),
    [
        ("conversations", "embedding", "vector(4096)"),
        ("conversation_partners", "image_embedding", "vector(4096)"),
        ("conversations", "transcript_search", "tsvector"),
    ],
)
def test_vectors_and_search_columns_have_the_agreed_type(
    table: str, column: str, kind: str
) -> None:
    found = sql(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attname = %s",
        table,
        column,
    )
    assert found == [(kind,)]


def refused(statement: str, *values: Any) -> None:
    """The database refuses the statement, at once or when it checks deferred constraints."""

    def run() -> None:
        with transaction.atomic():
            sql(statement, *values)
            check_deferred()

    with pytest.raises(DatabaseError):
        run()


MESSAGE = (
    "INSERT INTO messages (user_id, conversation_id, position, sender, content, timestamp) "
    "VALUES (%s, %s, %s, %s, 'words', now())"
)


def test_a_message_of_another_owner_than_its_talk_is_refused(alice: User, bob: User) -> None:
    talk = make_conversation(make_partner(alice))
    refused(MESSAGE, bob.pk, talk.pk, 0, "user")
    sql(MESSAGE, alice.pk, talk.pk, 0, "user")
    check_deferred()


def test_a_talk_of_another_owner_than_its_partner_is_refused(alice: User, bob: User) -> None:
    partner = make_partner(alice)
    refused("INSERT INTO conversations (user_id, partner_id) VALUES (%s, %s)", bob.pk, partner.pk)


def test_a_topic_link_of_another_owner_than_its_talk_is_refused(alice: User, bob: User) -> None:
    talk = make_conversation(make_partner(alice))
    topic = Topic.objects.create(name="Travel")
    statement = (
        "INSERT INTO conversation_topics (user_id, conversation_id, topic_id) VALUES (%s, %s, %s)"
    )
    refused(statement, bob.pk, talk.pk, topic.pk)


@pytest.mark.parametrize("column", ["partner_id", "conversation_id", "source_message_id"])
def test_a_fact_cannot_point_at_rows_of_another_owner(alice: User, bob: User, column: str) -> None:
    others = make_partner(bob)
    talk = make_conversation(others, "Hello.")
    theirs = {
        "partner_id": others.pk,
        "conversation_id": talk.pk,
        "source_message_id": talk.messages.get().pk,
    }
    fact = make_fact(make_partner(alice))
    refused(f"UPDATE extracted_facts SET {column} = %s WHERE id = %s", theirs[column], fact.pk)


def test_a_fact_cannot_be_closed_by_a_fact_of_another_owner(alice: User, bob: User) -> None:
    mine, theirs = make_fact(make_partner(alice)), make_fact(make_partner(bob))
    refused("UPDATE extracted_facts SET superseded_by_id = %s WHERE id = %s", theirs.pk, mine.pk)


@pytest.mark.parametrize("table", OWNED_TOO)
def test_giving_a_row_to_another_owner_alone_is_refused(alice: User, bob: User, table: str) -> None:
    talk = make_conversation(make_partner(alice), "Hello.")
    make_fact(talk.partner, conversation=talk)
    talk.topics.add(Topic.objects.create(name="Travel"), through_defaults={"user": alice})
    refused(f"UPDATE {table} SET user_id = %s", bob.pk)


@pytest.mark.parametrize("sender", ["alien", "", "User"])
def test_only_user_and_partner_send_messages(alice: User, sender: str) -> None:
    talk = make_conversation(make_partner(alice))
    refused(MESSAGE, alice.pk, talk.pk, 0, sender)


def test_a_position_is_given_once_in_a_talk(alice: User) -> None:
    talk = make_conversation(make_partner(alice), "Hello.")
    refused(MESSAGE, alice.pk, talk.pk, 0, "user")
    refused(MESSAGE, alice.pk, talk.pk, -1, "user")


@pytest.mark.bad_input(9)
@pytest.mark.parametrize("confidence", ["1.01", "-0.01", "'NaN'", "'Infinity'", "NULL"])
def test_confidence_lies_between_0_and_1(alice: User, confidence: str) -> None:
    fact = make_fact(make_partner(alice))
    refused(f"UPDATE extracted_facts SET confidence = {confidence} WHERE id = %s", fact.pk)


@pytest.mark.parametrize("score", [0, 11, -1])
def test_relevance_lies_between_1_and_10(alice: User, score: int) -> None:
    talk = make_conversation(make_partner(alice))
    topic = Topic.objects.create(name="Travel")
    with pytest.raises(IntegrityError), transaction.atomic():
        talk.topics.add(topic, through_defaults={"user": alice, "relevance_score": score})
    for fine in (1, 10):
        talk.topics.set(
            [topic], clear=True, through_defaults={"user": alice, "relevance_score": fine}
        )


@pytest.mark.bad_input(42)
@pytest.mark.parametrize(
    "moment", ["1899-12-31 00:00+00", "2201-01-01 00:00+00", "infinity", "0044-03-15 00:00+00 BC"]
)
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("conversations", "started_at"),
        ("conversations", "ended_at"),
        ("messages", "timestamp"),
        ("extracted_facts", "extracted_at"),
        ("extracted_facts", "valid_from"),
        ("extracted_facts", "valid_to"),
    ],
)
def test_times_that_cannot_be_read_back_are_refused(
    alice: User, table: str, column: str, moment: str
) -> None:
    talk = make_conversation(make_partner(alice), "Hello.")
    make_fact(talk.partner)
    refused(f"UPDATE {table} SET {column} = %s", moment)


def test_a_talk_does_not_end_before_it_starts(alice: User) -> None:
    make_conversation(make_partner(alice))
    refused("UPDATE conversations SET ended_at = started_at - interval '1 second'")
    sql("UPDATE conversations SET ended_at = started_at")


def test_two_current_values_of_a_single_valued_key_are_refused(alice: User) -> None:
    partner = make_partner(alice)
    make_fact(partner, "employer", "Nordlicht")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_fact(partner, "employer", "Südwind")
    make_fact(partner, "employer", "Südwind", is_current=False)
    make_fact(partner, "employer", "Südwind", subject="user")
    make_fact(make_partner(alice, "Eda"), "employer", "Südwind")


def test_many_valued_keys_have_several_current_values(alice: User) -> None:
    partner = make_partner(alice)
    make_fact(partner, "hobby", "chess", many_valued=True)
    make_fact(partner, "hobby", "rowing", many_valued=True)
    check_deferred()


@pytest.mark.parametrize("column", ["origin", "review"])
def test_unknown_words_for_origin_and_review_are_refused(alice: User, column: str) -> None:
    make_fact(make_partner(alice))
    refused(f"UPDATE extracted_facts SET {column} = 'guess'")


@pytest.mark.parametrize("name", ["external_id", "idempotency_key"])
def test_names_of_talks_are_unique_for_their_user_only(alice: User, bob: User, name: str) -> None:
    partner = make_partner(alice)
    named: dict[str, Any] = {name: "call-7"}
    make_conversation(partner, **named)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_conversation(partner, **named)
    make_conversation(make_partner(bob), **named)
    make_conversation(partner)
    make_conversation(partner)


@pytest.mark.bad_input(21)
@pytest.mark.parametrize(
    "spelling", ["CAFÉ LIFE", "cafe\u0301 life", "ｃａｆé  life", " Café Life "]
)
def test_a_topic_is_one_however_it_is_spelled(spelling: str) -> None:
    Topic.objects.create(name="Café life")
    with pytest.raises(IntegrityError), transaction.atomic():
        Topic.objects.create(name=spelling)
    Topic.objects.create(name="Café lives")


@pytest.mark.bad_input(45)
def test_percent_and_underscore_are_topics_like_any_other() -> None:
    for name in ("Travel", "%", "_"):
        Topic.objects.create(name=name)
    assert Topic.objects.get_by_natural_key("%").name == "%"


@pytest.mark.parametrize("name", ["", "  ", "\u3000"])
def test_a_topic_has_a_name(name: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Topic.objects.create(name=name)


def test_updated_at_is_null_until_the_first_change(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    talk = make_conversation(partner)
    message = make_message(talk, "Hello.")
    fact = make_fact(partner, source_message=message, conversation=talk)
    alice.refresh_from_db()
    rows: list[Any] = [alice, partner, talk, fact]
    assert [row.updated_at for row in rows] == [None] * 4
    api.patch(f"/api/partners/{partner.pk}", {"name": "Dana Reed"})
    api.patch(f"/api/conversations/{talk.pk}", {"title": "Lunch"})
    api.patch(f"/api/facts/{fact.pk}", {"fact_value": "Südwind"})
    alice.username = "alice.reed"
    alice.save()
    for row in rows:
        row.refresh_from_db()
        assert row.updated_at is not None
