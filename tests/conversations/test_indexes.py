"""The eight named indexes: each serves the very query that the product runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.db.models import QuerySet
from pytest_django.plugin import DjangoDbBlocker

from conversations.models import Conversation, ExtractedFact, Message
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.conversations.rows import sql
from tests.plans import nodes, plan_of, tidy_up

USERS = (
    "INSERT INTO users (email, username, hashed_password, is_superuser) "
    "SELECT 'u' || n || '@example.org', 'u' || n, '!', false FROM "
)
PARTNERS = (
    "INSERT INTO conversation_partners (user_id, name) SELECT users.id, 'Partner ' || n "
    "FROM users, "
)
# 5 users with 20 partners each; with each partner 40 talks of 5 messages, and 60 facts. At the
# end another 40 users, and 50 more partners for everybody, with whom nobody has talked.
FILL = [
    f"{USERS} generate_series(1, 5) AS n",
    f"{PARTNERS} generate_series(1, 20) AS n",
    "INSERT INTO conversations (user_id, partner_id, title, started_at, created_at) "
    "SELECT user_id, id, 'Talk about thing' || n || 'of' || id, "
    "now() - random() * interval '900 days', now() - random() * interval '900 days' "
    "FROM generate_series(1, 40) AS n, conversation_partners",
    "ALTER TABLE messages DISABLE TRIGGER talks_grown",
    "INSERT INTO messages (user_id, conversation_id, position, sender, content) "
    "SELECT user_id, id, n, 'user', 'words ' || id FROM conversations, generate_series(0, 4) AS n",
    "INSERT INTO extracted_facts (user_id, partner_id, conversation_id, category, fact_key, "
    "fact_value, confidence, is_current) SELECT user_id, partner_id, CASE WHEN n = 1 THEN id END, "
    "'work', 'key' || id || 'of' || n, 'value', random(), n = 1 "
    "FROM generate_series(1, 2) AS n, conversations WHERE n = 1 OR id % 2 = 0",
    f"{USERS} generate_series(6, 45) AS n",
    f"{PARTNERS} generate_series(21, 70) AS n",
    "SET CONSTRAINTS ALL IMMEDIATE",
    "ANALYZE users, conversation_partners, conversations, messages, extracted_facts",
]


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Filled tables for all tests of this module, gone afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        for statement in FILL:
            sql(statement)
        tidy_up("idx_conversations_search")
        yield
        transaction.set_rollback(True)


Ask = Callable[[User, ConversationPartner, Conversation], "QuerySet[Any]"]
QUERIES: dict[str, Ask] = {
    # The list of a user's partners.
    "idx_partners_user_id": lambda user, partner, talk: ConversationPartner.objects.owned_by(
        user
    ).order_by("pk"),
    # A page of a user's talks, newest first.
    "idx_conversations_user_id": lambda user, partner, talk: Conversation.objects.owned_by(
        user
    ).newest_first()[:50],
    # The talks with a partner, as the API filters them.
    "idx_conversations_partner_id": lambda user, partner, talk: (
        Conversation.objects.owned_by(user).filter(partner_id=partner.pk).newest_first()
    ),
    # The newest rows of all users, as the admin shows them.
    "idx_conversations_created_at": lambda user, partner, talk: Conversation.objects.order_by(
        "-created_at"
    )[:100],
    # The messages of a talk, in order.
    "idx_messages_conversation_id": lambda user, partner, talk: (
        Message.objects.owned_by(user).filter(conversation_id=talk.pk).order_by("position")
    ),
    # What is known about a partner now, the most certain first.
    "idx_facts_partner_id": lambda user, partner, talk: (
        ExtractedFact.objects.owned_by(user)
        .current()
        .filter(partner_id=partner.pk)
        .most_certain_first()
    ),
    # The facts that come with the details of a talk.
    "idx_facts_conversation_id": lambda user, partner, talk: (
        ExtractedFact.objects.most_certain_first().filter(conversation__in=[talk])
    ),
    # Full-text search through the talks.
    "idx_conversations_search": lambda user, partner, talk: Conversation.objects.owned_by(
        user
    ).matching(f"thing7of{partner.pk}"),
}


def explained(queryset: QuerySet[Any]) -> dict[str, Any]:
    """PostgreSQL's plan for the SQL of this QuerySet."""
    return plan_of(*queryset.query.sql_with_params())


@pytest.mark.parametrize("index", QUERIES)
def test_the_index_serves_its_query(filled: None, index: str) -> None:
    talk = Conversation.objects.select_related("user", "partner").order_by("pk")[1000]
    plan = explained(QUERIES[index](talk.user, talk.partner, talk))
    assert index in {node.get("Index Name") for node in nodes(plan)}, plan
    assert "Seq Scan" not in {node["Node Type"] for node in nodes(plan)}


@pytest.mark.parametrize(
    "index",
    ["idx_conversations_user_id", "idx_conversations_created_at"],
)
def test_a_page_needs_no_sorting(filled: None, index: str) -> None:
    talk = Conversation.objects.select_related("user", "partner").order_by("pk")[1000]
    plan = explained(QUERIES[index](talk.user, talk.partner, talk))
    assert "Sort" not in {node["Node Type"] for node in nodes(plan)}, plan


@pytest.mark.django_db
def test_the_named_indexes_have_their_first_column_and_kind() -> None:
    # The server writes ONLY for an index whose parts stand on partitions.
    found = {
        name: definition.replace(" ON ONLY ", " ON ")
        for name, definition in sql(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        )
    }
    starts = {
        "idx_partners_user_id": "conversation_partners USING btree (user_id",
        "idx_conversations_user_id": "conversations USING btree (user_id",
        "idx_conversations_partner_id": "conversations USING btree (partner_id",
        "idx_conversations_created_at": "conversations USING btree (created_at DESC",
        "idx_messages_conversation_id": "messages USING btree (conversation_id",
        "idx_facts_partner_id": "extracted_facts USING btree (partner_id",
        "idx_facts_conversation_id": "extracted_facts USING btree (conversation_id",
        "idx_conversations_search": "conversations USING gin (transcript_search",
    }
    for name, start in starts.items():
        assert f"ON public.{start}" in found[name]


@pytest.mark.django_db
def test_no_index_stands_twice() -> None:
    """Also not as the beginning of a wider one of the same kind without a condition."""
    rows = sql(
        "SELECT indrelid::regclass::text, indexrelid::regclass::text, amname, indkey::text, "
        "       indoption::text, indclass::text, pg_get_expr(indexprs, indrelid), "
        "       pg_get_expr(indpred, indrelid), indisunique "
        "FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam "
        "WHERE indrelid::regclass::text = ANY(%s)",
        [
            "users",
            "conversation_partners",
            "conversations",
            "messages",
            "topics",
            "conversation_topics",
            "extracted_facts",
        ],
    )
    doubles = [
        (one[1], other[1])
        for one in rows
        for other in rows
        if one[1] != other[1] and one[0] == other[0] and _serves(other, one)
    ]
    assert not doubles


def _serves(wide: tuple[Any, ...], narrow: tuple[Any, ...]) -> bool:
    """Whether one index does all that the other does."""
    if wide[2] != narrow[2] or wide[6:8] != narrow[6:8]:
        return False
    if wide[3:6] == narrow[3:6]:
        return True
    is_start = all(
        wide[part].split()[: len(narrow[part].split())] == narrow[part].split()
        for part in (3, 4, 5)
    )
    return is_start and not narrow[8] and narrow[6] is None
