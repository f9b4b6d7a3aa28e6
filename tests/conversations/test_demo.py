"""The people and talks that `manage.py loaddata demo` brings."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from rest_framework.test import APIClient

from conversations import demo
from conversations.fact_keys import is_many_valued
from conversations.models import Conversation, ConversationTopic, ExtractedFact, Message, Topic
from conversations.models.fact import Review
from conversations.services.conversations import delete_conversation
from conversations.services.facts import correct_fact, reject_fact
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_fact, make_partner, make_user

TABLES = {
    "users",
    "conversation_partners",
    "conversations",
    "messages",
    "topics",
    "conversation_topics",
    "extracted_facts",
}
# Before this day all of it has happened.
LAST_DAY = datetime(2026, 11, 22, tzinfo=UTC)


def load() -> None:
    call_command("loaddata", "demo", verbosity=0)


def rows() -> dict[str, list[dict[str, Any]]]:
    """Everything that the seven tables hold."""
    models = [model for model in apps.get_models() if model._meta.db_table in TABLES]
    return {
        model._meta.db_table: list(model._base_manager.order_by("pk").values()) for model in models
    }


def talk(number: int) -> Conversation:
    found: Conversation = Conversation.objects.get(external_id=f"demo-{number:02}")
    return found


@pytest.fixture
def tester(db: Any) -> User:
    """The test user, with all the fixture brings."""
    load()
    return User.objects.get(email="test@example.com")


def test_the_fixture_fills_every_table(tester: User) -> None:
    assert {table: len(found) for table, found in rows().items()} == {
        "users": 1,
        "conversation_partners": 6,
        "topics": 23,
        "conversations": 14,
        "messages": 148,
        "conversation_topics": 45,
        "extracted_facts": 45,
    }


def test_the_test_user_signs_in_and_is_admin(tester: User) -> None:
    answer = APIClient().post(
        "/api/auth/login", {"email": "test@example.com", "password": "testpassword"}
    )
    assert answer.status_code == 200
    assert answer.json()["user"]["email"] == "test@example.com"
    assert tester.username == "testuser"
    assert tester.is_staff
    assert tester.is_superuser


def test_loading_twice_changes_nothing(tester: User) -> None:
    before = rows()
    load()
    after = rows()
    # Written by the database at every update, to the same words.
    for user in (*before["users"], *after["users"]):
        del user["updated_at"]
    assert after == before


def test_rows_of_a_stranger_stay_as_they_are(db: Any) -> None:
    """A fixture with primary keys would take the rows with the low numbers."""
    stranger = make_user("charlie", id=1)
    partner = make_partner(stranger, "Sarah Johnson", id=1, notes="Mine.")
    conversation = make_conversation(partner, "Hello.", id=1, external_id="demo-01")
    make_fact(partner, "job_title", "Nurse on a children's ward", id=1, conversation=conversation)
    before = rows()
    load()
    after = rows()
    for table, found in before.items():
        assert all(row in after[table] for row in found)
    assert Conversation.objects.owned_by(stranger).count() == 1
    assert len(after["conversations"]) == 15


def test_loading_again_brings_back_what_was_deleted_and_changed(tester: User) -> None:
    facts = ExtractedFact.objects.filter(is_current=True)
    correct_fact(
        fact=facts.get(fact_key="job_title", partner__name="Tomasz Zieliński"),
        changes={"fact_value": "Joiner and stair builder"},
    )
    reject_fact(fact=facts.get(fact_key="shoulder"))
    # Confirmed facts outlive these talks, and values that they had closed are current again.
    for number in (8, 11):
        delete_conversation(conversation=talk(number))
    load()
    assert ExtractedFact.objects.count() == 45
    assert Conversation.objects.count() == 14
    assert_one_current_value_per_key()


def test_every_quote_stands_in_its_message(tester: User) -> None:
    for fact in ExtractedFact.objects.select_related("source_message"):
        assert fact.source_message is not None
        assert fact.quote
        assert fact.quote_start is not None
        end = fact.quote_start + len(fact.quote)
        assert fact.source_message.content[fact.quote_start : end] == fact.quote
        assert fact.source_message.conversation_id == fact.conversation_id


def assert_one_current_value_per_key() -> None:
    single = ExtractedFact.objects.filter(many_valued=False)
    keys = single.values_list("partner", "subject", "fact_key")
    current = keys.filter(is_current=True)
    assert Counter(current) == Counter(set(keys))


def test_each_single_valued_key_has_one_current_value(tester: User) -> None:
    assert_one_current_value_per_key()


def test_keys_are_many_valued_as_everywhere(tester: User) -> None:
    for key, many_valued in ExtractedFact.objects.values_list("fact_key", "many_valued"):
        assert many_valued == is_many_valued(key), key


def test_closed_facts_lead_to_the_newer_value(tester: User) -> None:
    closed = ExtractedFact.objects.filter(is_current=False).select_related("superseded_by")
    assert closed.count() > 8
    for fact in closed:
        newer = fact.superseded_by
        assert newer is not None
        key = ("partner_id", "subject", "fact_key", "user_id")
        assert [getattr(newer, name) for name in key] == [getattr(fact, name) for name in key]
        assert fact.valid_from < fact.valid_to == newer.valid_from
        assert not fact.many_valued
    kept = ExtractedFact.objects.filter(is_current=True)
    assert not kept.exclude(superseded_by=None, valid_to=None).exists()


def test_a_job_change_and_a_move_can_be_read_as_history(tester: User) -> None:
    def values(name: str, key: str) -> list[str]:
        facts = ExtractedFact.objects.filter(partner__name=name, fact_key=key, subject="partner")
        return list(facts.order_by("valid_from").values_list("fact_value", flat=True))

    assert values("Amara Okafor", "job_title") == [
        "Data analyst at Tidewell",
        "Product lead at Lumen & Loft",
    ]
    assert values("Leila Haddad", "home_city") == ["Lyon", "Marseille"]
    assert len(values("Sarah Johnson", "harbour_half")) == 3
    in_may = ExtractedFact.objects.as_of(datetime(2026, 5, 1, tzinfo=UTC))
    assert in_may.get(fact_key="home_city").fact_value == "Lyon"


def test_reviews_of_every_kind_can_be_seen(tester: User) -> None:
    reviews = Counter(ExtractedFact.objects.values_list("review", flat=True))
    assert reviews[Review.CONFIRMED] >= 5
    assert reviews[Review.CORRECTED] == 1
    assert reviews[Review.NEEDS_REVIEW] == 2
    unsure = ExtractedFact.objects.filter(review=Review.NEEDS_REVIEW)
    assert all(confidence < 0.5 for confidence in unsure.values_list("confidence", flat=True))
    corrected = ExtractedFact.objects.get(review=Review.CORRECTED)
    assert corrected.original_value not in ("", corrected.fact_value)


def test_talks_are_whole(tester: User) -> None:
    moments = []
    for conversation in Conversation.objects.order_by("started_at"):
        messages = list(conversation.messages.order_by("position"))
        assert 8 <= len(messages) <= 16
        assert [message.position for message in messages] == list(range(len(messages)))
        assert {message.sender for message in messages} == {"user", "partner"}
        moments += [conversation.started_at, *(message.timestamp for message in messages)]
        moments.append(conversation.ended_at)
        assert (conversation.source, conversation.language) == ("demo", "english")
        assert conversation.full_transcript is None
        assert conversation.title
    assert moments == sorted(moments)
    assert moments[-1] < LAST_DAY
    assert (moments[-1] - moments[0]).days > 240


def test_two_talks_wait_for_their_analysis(tester: User) -> None:
    waiting = Conversation.objects.filter(is_analyzed=False)
    assert waiting.count() == 2
    for conversation in waiting:
        assert not conversation.summary
        assert not conversation.conversation_topics.exists()
        assert not conversation.facts.exists()
    for conversation in Conversation.objects.filter(is_analyzed=True):
        assert conversation.summary
        assert conversation.sentiment
        assert conversation.key_insights
        assert conversation.suggested_topics
        assert conversation.suggested_questions
        assert conversation.action_items
        assert conversation.analyzer == "demo"
        assert conversation.conversation_topics.count() >= 2


def test_talks_and_messages_are_found_after_loading_twice(tester: User) -> None:
    load()
    assert talk(11) in Conversation.objects.owned_by(tester).matching("cello banana")
    assert Message.objects.owned_by(tester).matching("hazelnuts").count() == 2


def test_topics_have_the_key_that_saving_gives_them(tester: User) -> None:
    """A fixture is stored as it is, so the key is written in it."""
    for topic in Topic.objects.all():
        written = topic.name_key
        topic.save()
        assert topic.name_key == written
    assert Topic.objects.filter(category=None).count() == 0
    assert ConversationTopic.objects.values("topic").distinct().count() == Topic.objects.count()


def test_the_fixture_and_the_button_have_the_same_talk(tester: User) -> None:
    first = talk(1)
    assert first.partner.name == "Sarah Johnson"
    assert first.title == demo.TITLE
    words = first.messages.order_by("position").values_list("sender", "content")
    assert tuple(words) == demo.TURNS
    assert len(demo.TURNS) == 8


def test_demo_joins_the_sarah_of_the_fixture_and_leaves_her(tester: User) -> None:
    conversation = demo.create_demo(user=tester)
    assert conversation.partner == talk(1).partner
    demo.remove_demo(user=tester)
    assert ConversationPartner.objects.owned_by(tester).count() == 6
    assert Conversation.objects.owned_by(tester).count() == 14
