"""Searches for talks, facts and partners read the owner's rows through their index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django.plugin import DjangoDbBlocker

from convoai.accounts.models import User
from convoai.search.finding import find
from convoai.search.parameters import search_asked
from tests.conversations.rows import sql
from tests.plans import nodes, plan_of, tidy_up

# 40 users with 50 partners each; with each partner a talk and a fact. Every fifth holds the word.
WORD = "CASE WHEN n % 5 = 0 THEN 'lighthouse ' ELSE 'harbour ' END"
FILL = [
    "INSERT INTO users (email, username, hashed_password, is_superuser) "
    "SELECT 'u' || n || '@example.org', 'u' || n, '!', false FROM generate_series(1, 40) AS n",
    f"INSERT INTO conversation_partners (user_id, name, notes) SELECT users.id, {WORD} || n, "
    "'Partner ' || n FROM users, generate_series(1, 50) AS n",
    "INSERT INTO conversations (user_id, partner_id, title, summary) "
    "SELECT user_id, id, name, repeat('words of all kinds ' || id || ' ', 40) "
    "FROM conversation_partners",
    "INSERT INTO extracted_facts (user_id, partner_id, conversation_id, category, fact_key, "
    "fact_value) SELECT user_id, partner_id, id, 'place', 'key' || id, title FROM conversations",
    "SET CONSTRAINTS ALL IMMEDIATE",
    "ANALYZE users, conversation_partners, conversations, extracted_facts",
]


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Filled tables for all tests of this module, gone afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        for statement in FILL:
            sql(statement)
        tidy_up("idx_conversations_search", "idx_facts_search", "idx_partners_search")
        yield
        transaction.set_rollback(True)


def plans_of(user: User, q: str, kind: str) -> list[dict[str, Any]]:
    """The plans of the queries that a search for rows of a type makes and that look words up."""
    with CaptureQueriesContext(connection) as captured:
        assert len(find(search_asked(user, {"q": q, "type": kind})).results) == 10
    return [
        plan_of(query["sql"], options="ANALYZE, ")
        for query in captured.captured_queries
        if "@@" in query["sql"] and "FROM messages" not in query["sql"]
    ]


@pytest.mark.parametrize(
    ("kind", "table", "index"),
    [
        ("conversation", "conversations", "idx_conversations_search"),
        ("fact", "extracted_facts", "idx_facts_search"),
        ("partner", "conversation_partners", "idx_partners_search"),
    ],
)
def test_words_are_looked_up_in_the_index_among_the_owners_rows(
    filled: None, kind: str, table: str, index: str
) -> None:
    user = User.objects.order_by("pk")[20]
    (plan,) = plans_of(user, "lighthouse", kind)
    steps = list(nodes(plan))
    assert index in {step.get("Index Name") for step in steps}, plan
    reads = [step for step in steps if step.get("Relation Name") == table]
    assert reads
    for step in reads:
        assert step["Node Type"] != "Seq Scan"
        # No row of anybody else is looked at.
        assert step.get("Rows Removed by Filter", 0) == 0, step
        assert step.get("Rows Removed by Index Recheck", 0) == 0, step
        assert step["Actual Rows"] * step["Actual Loops"] <= 10
