"""The indexes behind a search: its work never grows with other people's messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from convoai.accounts.models import User
from convoai.search.messages import search_messages
from convoai.search.question import parse_question
from convoai.search.scope import Scope
from tests.conversations.rows import sql
from tests.factories import make_conversation, make_partner, make_user
from tests.plans import text_plan_of

pytestmark = pytest.mark.django_db
OTHERS = 40
QUESTION = "When did Dana buy the boat and the harbour?"


@pytest.fixture
def crowd(alice: User) -> User:
    """Alice among many others; everybody has two talks of ten messages, with vectors."""
    for number in range(OTHERS):
        user = alice if number == 0 else make_user(f"other{number}")
        partner = make_partner(user)
        for _ in range(2):
            talk = make_conversation(partner)
            sql(
                "INSERT INTO messages (user_id, conversation_id, position, sender, content,"
                " embedding, embedding_model)"
                " SELECT %s, %s, place, 'user', 'boat number ' || place || ' in the harbour',"
                " l2_normalize((SELECT array_agg(random() - 0.5) FROM generate_series(1, 256)"
                " WHERE place >= 0)::real[]::vector)::halfvec, 'wordllama:l2_supercat_256'"
                " FROM generate_series(0, 9) AS place",
                user.pk,
                talk.pk,
            )
    sql("ANALYZE messages")
    sql("ANALYZE conversations")
    return alice


@contextmanager
def only_indexes() -> Iterator[None]:
    """The planner as it is when tables are large."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    yield


def plans(user: User, mode: str, words: str = QUESTION) -> list[str]:
    """The plan of every statement of a search."""
    with (
        only_indexes(),
        CaptureQueriesContext(
            connection,
        ) as captured,
    ):
        search_messages(
            scope=Scope(user_id=user.pk), question=parse_question(words), mode=mode, limit=20
        )
    return [
        text_plan_of(query["sql"], options="ANALYZE, COSTS OFF, TIMING OFF")
        for query in captured.captured_queries
    ]


def rows_read(plan: str, table: str) -> int:
    """The most rows that one scan of a table gave or threw away."""
    scans = re.findall(rf"Scan[^\n]* on {table}\b[^\n]*rows=(\d+)", plan)
    thrown = re.findall(r"Rows Removed by (?:Filter|Index Recheck): (\d+)", plan)
    return max([int(number) for number in [*scans, *thrown]], default=0)


@pytest.mark.parametrize("mode", ["text", "hybrid"])
@pytest.mark.parametrize("small", [0, 2_000])
def test_a_search_reads_the_owners_messages_only(
    crowd: User, monkeypatch: pytest.MonkeyPatch, mode: str, small: int
) -> None:
    monkeypatch.setattr("convoai.search.messages.SMALL", small)
    for plan in plans(crowd, mode):
        assert "Seq Scan on messages" not in plan
        assert "hnsw" not in plan
        assert rows_read(plan, "messages") <= 20, plan


def test_a_large_scope_is_searched_by_its_indexes(
    crowd: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convoai.search.messages.SMALL", 0)
    partner = make_partner(crowd, "Emil")
    make_conversation(partner, *["The zeppelin came." if n == 7 else "Hello." for n in range(300)])
    sql("ANALYZE messages")
    used = "\n".join(plans(crowd, "hybrid", "zeppelin"))
    assert "Bitmap Index Scan on idx_messages_search" in used
    assert "idx_messages_embedding_model" in used


def test_a_search_takes_a_fixed_number_of_statements(
    crowd: User, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(2):
        plans_of = parse_question(QUESTION)
        search_messages(scope=Scope(user_id=crowd.pk), question=plans_of, mode="hybrid", limit=20)
    monkeypatch.setattr("convoai.search.messages.SMALL", 0)
    with django_assert_max_num_queries(6):
        search_messages(scope=Scope(user_id=crowd.pk), question=plans_of, mode="hybrid", limit=20)
