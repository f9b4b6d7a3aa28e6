"""How many queries each request takes: written down, independent of the number of rows.

`UPDATE_QUERY_COUNTS=1 pytest tests/api/test_query_counts.py` writes the file anew; a line of it
that grows is an N+1.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from conversations.models import Conversation, Message, Topic
from convoai.accounts.models import User
from convoai.search.folding import STEMS_KNOWN
from partners.models import ConversationPartner
from partners.services import set_image
from tests.api.routes import ARCHIVES, OPEN, Call, all_calls, fill, id_for
from tests.api.shapes import photo
from tests.factories import make_conversation, make_fact, make_partner

pytestmark = pytest.mark.django_db
RECORD = Path(__file__).with_name("query_counts.json")
CALLS = [call for call in all_calls() if call.route not in OPEN]
READS = [call for call in CALLS if call.method == "get"]
# What is learned decides how many facts and talks are written, not how many rows there are.
LEARNS = "analyze"
# Not queries about rows: they begin and end the transaction of a write.
NO_ROWS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")
# Kilobytes to megabytes a row; nothing under /api answers with them.
VECTORS = (
    '"image_embedding"',
    '"image_embedding_bits"',
    '"embedding"',
    '"embedding_bits"',
    '"transcript_search"',
    '"search"',
)


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def queries_of(call: Call, api: APIClient, user: User) -> list[str]:
    """The queries that the example request takes; what it changes is taken back."""
    partner = ConversationPartner.objects.owned_by(user).order_by("pk").first()
    assert partner
    path = call.path(id_for(call, user))
    STEMS_KNOWN.forget()
    with transaction.atomic():
        with CaptureQueriesContext(connection) as captured:
            answer = call.send(api, path, partner.pk)
        assert answer.status_code in (200, 201, 202, 204), answer.getvalue()
        assert answer.getvalue() or answer.status_code == 204
        transaction.set_rollback(True)
    statements = [query["sql"] for query in captured.captured_queries]
    return [statement for statement in statements if not statement.startswith(NO_ROWS)]


def counted(api: APIClient, user: User) -> dict[str, int]:
    """The number of queries of every request."""
    return {str(call): len(queries_of(call, api, user)) for call in CALLS}


@pytest.fixture
def filled(alice: User) -> User:
    set_image(partner=fill(alice), data=photo().read())
    return alice


def grow(user: User, rows: int) -> None:
    """This many more rows of everything, and on the first partner and talk in particular."""
    first = Conversation.objects.owned_by(user).order_by("pk")[0]
    message = first.messages.get(position=0)
    start = first.messages.count()
    Message.objects.bulk_create(
        Message(user=user, conversation=first, position=start + n, sender="user", content="Hm.")
        for n in range(rows)
    )
    for n in range(start, start + rows):
        talk = make_conversation(make_partner(user, f"Partner {n}"), "Hello.")
        make_conversation(first.partner)
        topic = Topic.objects.create(name=f"Topic {n}")
        for about in (first, talk):
            about.topics.add(topic, through_defaults={"user": user})
        make_fact(talk.partner, conversation=talk)
        source = {"conversation": first, "source_message": message, "quote": "bake"}
        make_fact(first.partner, f"key {n}", **source)


def test_query_counts_are_as_written_down(api: APIClient, filled: User) -> None:
    counts = counted(api, filled)
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        RECORD.write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")
    assert counts == json.loads(RECORD.read_text(encoding="utf-8"))


def test_query_counts_do_not_grow_with_rows(api: APIClient, filled: User) -> None:
    grow(filled, 3)
    few = counted(api, filled)
    grow(filled, 27)
    many = counted(api, filled)
    assert {call: many[call] for call in many if LEARNS not in call} == {
        call: few[call] for call in few if LEARNS not in call
    }


@pytest.mark.parametrize("call", [call for call in READS if call.route not in ARCHIVES], ids=str)
def test_no_answer_reads_a_vector(call: Call, api: APIClient, filled: User) -> None:
    statements = queries_of(call, api, filled)
    assert not [one for one in statements if any(column in one for column in VECTORS)]
