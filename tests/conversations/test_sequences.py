"""After rows that came with their own ids, the next ordinary insert finds a free one."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.db import connection
from rest_framework.test import APIClient

from conversations.models import Conversation, Message, Topic
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.conversations.rows import sql
from tests.factories import make_conversation, make_fact, make_message, make_partner, make_user

pytestmark = pytest.mark.django_db


def far(table: str) -> int:
    """An id far ahead of the table's sequence, which other tests have moved too."""
    last: int = sql(f"SELECT last_value FROM {table}_id_seq")[0][0]
    return last + 1_000


def test_after_a_bulk_insert_with_ids(api: APIClient, alice: User) -> None:
    highest = far("conversation_partners")
    ConversationPartner.objects.bulk_create(
        [
            ConversationPartner(id=number, user=alice, name="Dana")
            for number in (highest - 500, highest)
        ]
    )
    assert api.post("/api/partners", {"name": "Eda"}).json()["id"] == highest + 1


def test_after_raw_sql_with_ids(api: APIClient, alice: User) -> None:
    partner, highest = make_partner(alice), far("conversations")
    sql(
        "INSERT INTO conversations (id, user_id, partner_id) VALUES (%s, %s, %s)",
        highest,
        alice.pk,
        partner.pk,
    )
    created = api.post("/api/conversations", {"partner_id": partner.pk, "messages": []})
    assert created.json()["id"] == highest + 1


def test_after_copy_with_ids(alice: User) -> None:
    talk, first = make_conversation(make_partner(alice)), far("messages")
    lines = "".join(
        f"{first + place}\t{alice.pk}\t{talk.pk}\t{place}\tuser\twords\n" for place in range(3)
    )
    with connection.cursor() as cursor:
        cursor.copy_expert(
            "COPY messages (id, user_id, conversation_id, position, sender, content) FROM STDIN",
            io.StringIO(lines),
        )
    assert make_message(talk).pk == first + 3


def ordinary(talk: Conversation) -> dict[str, Callable[[], int]]:
    """For each table, how its next ordinary row is made."""
    return {
        "users": lambda: make_user("bob").pk,
        "conversation_partners": lambda: make_partner(talk.user).pk,
        "conversations": lambda: make_conversation(talk.partner).pk,
        "messages": lambda: make_message(talk).pk,
        "topics": lambda: Topic.objects.create(name="Travel").pk,
        "extracted_facts": lambda: make_fact(talk.partner, "city").pk,
    }


def test_every_table_goes_on_after_its_highest_id(alice: User) -> None:
    talk = make_conversation(make_partner(alice), "Hello.")
    make_fact(talk.partner)
    talk.topics.add(Topic.objects.create(name="Work"), through_defaults={"user": alice})
    for table, make in ordinary(talk).items():
        columns = sql(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
            "WHERE table_name = %s AND column_name <> 'id' AND is_generated = 'NEVER'",
            table,
        )[0][0]
        values = {
            "users": columns.replace("email,", "'c@d',").replace("username", "'c'"),
            "topics": columns.replace("name_key", "'c'"),
            "messages": columns.replace('"position"', "99"),
            "extracted_facts": columns.replace("fact_key", "'c'"),
        }.get(table, columns)
        highest = far(table)
        sql(
            f"INSERT INTO {table} (id, {columns}) "
            f"SELECT {highest}, {values} FROM {table} ORDER BY id LIMIT 1"
        )
        assert make() == highest + 1, table


def test_a_low_id_does_not_move_the_sequence_back(alice: User) -> None:
    talk, highest = make_conversation(make_partner(alice)), far("messages")
    for place, number in enumerate((highest, highest - 500)):
        Message.objects.bulk_create(
            [
                Message(
                    id=number,
                    user=alice,
                    conversation=talk,
                    position=place,
                    sender="user",
                    content="words",
                )
            ]
        )
    assert make_message(talk, position=2).pk == highest + 1
