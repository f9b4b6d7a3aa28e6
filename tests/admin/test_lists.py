"""The lists of the admin: what they show, find and cost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models
from django.test import Client

from conversations.models import Conversation, ConversationTopic, ExtractedFact, Message, Topic
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.admin.pages import MODELS, MOST_QUERIES, address, get, page_of, queries_of
from tests.factories import make_conversation, make_fact, make_message, make_partner, unique
from tests.plans import text_plan_of


def make_world(user: User, talks: int = 1) -> None:
    for _ in range(talks):
        partner = make_partner(user, unique("Dana"))
        talk = make_conversation(partner, "We planted tomatoes.", title=unique("Garden talk"))
        message = Message.objects.get(conversation=talk)
        topic = Topic.objects.create(name=unique("Gardening"), category="leisure")
        ConversationTopic.objects.create(user=user, conversation=talk, topic=topic)
        make_fact(partner, unique("crop"), "tomatoes", conversation=talk, source_message=message)


@pytest.mark.parametrize("model", MODELS)
def test_a_list_costs_the_same_whatever_its_length(
    browser: Client, alice: User, model: type[models.Model]
) -> None:
    make_world(alice)
    get(browser, address(model))  # fills the cache of content types
    few = queries_of(browser, address(model))
    make_world(alice, 8)
    many = queries_of(browser, address(model))
    assert len(few) == len(many) <= MOST_QUERIES
    assert get(browser, address(model)).count('name="_selected_action"') >= 9


@pytest.mark.parametrize("model", MODELS)
def test_no_list_reads_a_vector_or_a_transcript(
    browser: Client, alice: User, model: type[models.Model]
) -> None:
    make_world(alice)
    heavy = ("embedding", "transcript", '"search"', "hashed_password", "notes")
    # The signed-in user's own row is read by the session, with its password's hash.
    own = [sql for sql in queries_of(browser, address(model)) if '"session' not in sql]
    rows = [sql for sql in own if f'FROM "{model._meta.db_table}"' in sql]
    assert rows
    assert not [sql for sql in rows if any(name in sql for name in heavy)]


@pytest.mark.parametrize("model", MODELS)
def test_an_empty_list_says_so(browser: Client, model: type[models.Model]) -> None:
    assert f"0 {model._meta.verbose_name_plural}" in get(browser, address(model))


def test_a_talk_is_found_by_its_words_and_not_by_parts_of_them(
    browser: Client, alice: User
) -> None:
    partner = make_partner(alice)
    make_conversation(partner, "I repaired the old lighthouse.", title="On the coast")
    make_conversation(partner, "We spoke of boats.", title="At sea")
    for words, expected in [
        ("lighthouse", True),
        ("repairing lighthouses", True),
        ('"old lighthouse"', True),
        ("coast", True),
        ("lighthouse -coast", False),
        ("lightho", False),
        ("", True),
    ]:
        assert ("On the coast" in get(browser, address(Conversation), q=words)) is expected, words
    sql = queries_of(browser, address(Conversation), q="lighthouse")
    assert [query for query in sql if "transcript_search" in query]
    assert not [query for query in sql if "LIKE" in query.upper()]


def test_a_talk_is_found_by_its_number(browser: Client, alice: User) -> None:
    talk = make_conversation(make_partner(alice), title="By number")
    make_conversation(make_partner(alice), title="Another")
    text = get(browser, address(Conversation), q=str(talk.pk))
    assert "By number" in text
    assert ">Another<" not in text


def test_a_message_is_found_by_its_words(browser: Client, alice: User) -> None:
    make_conversation(make_partner(alice), "The kettle whistled.", "Nothing else happened.")
    text = get(browser, address(Message), q="kettles")
    assert "The kettle whistled." in text
    assert "Nothing else happened." not in text


def test_partners_topics_and_facts_are_found_by_a_part(browser: Client, alice: User) -> None:
    partner = make_partner(alice, "Amara Okafor", phone="+44 7700 900555", notes="Grows tomatoes.")
    make_partner(alice, "Another")
    make_fact(partner, "employer", "Nordlicht")
    Topic.objects.create(name="Pottery course")
    assert "Amara Okafor" in get(browser, address(ConversationPartner), q="okaf")
    for typed in ("AMÁRA", "okafor ama", "tomato", "900 555", "7700"):
        text = get(browser, address(ConversationPartner), q=typed)
        assert ("Amara Okafor" in text, ">Another<" in text) == (True, False), typed
    for typed in ("nordl", "NORDLÍCHT", "employers", "employ nord", "work -sea", '"nordlicht"'):
        assert "Nordlicht" in get(browser, address(ExtractedFact), q=typed), typed
    assert "Nordlicht" not in get(browser, address(ExtractedFact), q="work -nordlicht")
    assert "Pottery course" in get(browser, address(Topic), q="otter")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "parameters",
    [
        {"q": "' OR 1=1 --"},
        {"q": "\x00"},
        {"q": "a & | ! ( <->"},
        {"q": "%"},
        {"q": "9" * 40},
        {"q": "\u202e\u200b"},
        {"p": "no"},
        {"p": "99999999999"},
        {"o": "-99.x"},
        {"user": "x"},
        {"user": "\x00"},
        {"user": "9" * 30},
        {"category": "\x00"},
        {"topic": "-1"},
        {"page": "x"},
        {"created_at__year": "0"},
        {"created_at__year": "x"},
        {"created_at__year": "99999"},
        {"unknown": "1"},
    ],
)
@pytest.mark.bad_input(37)
def test_a_wild_address_never_ends_in_a_fault(
    browser: Client, alice: User, model: type[models.Model], parameters: dict[str, str]
) -> None:
    make_world(alice)
    answer = browser.get(address(model), parameters)
    assert answer.status_code in {200, 302, 400, 404}


def test_a_chosen_filter_shows_what_was_chosen_and_only_that(
    browser: Client, alice: User, bob: User
) -> None:
    mine, theirs = make_partner(alice, "Mine"), make_partner(bob, "Theirs")
    make_fact(mine, "city", "Kiel")
    make_fact(theirs, "city", "Bergen")
    text = get(browser, address(ExtractedFact), partner=mine.pk)
    assert "Kiel" in text
    assert "Bergen" not in text
    assert "By partner" in text
    assert "By partner" not in get(browser, address(ExtractedFact))
    assert "Bergen" not in get(browser, address(ExtractedFact), user=alice.pk)


def test_messages_of_one_talk_are_listed_in_their_order(browser: Client, alice: User) -> None:
    talk = make_conversation(make_partner(alice), "First.", "Second.", "Third.")
    text = get(browser, address(Message), conversation=talk.pk)
    assert text.index("First.") < text.index("Second.") < text.index("Third.")
    newest = get(browser, address(Message))
    assert newest.index("Third.") < newest.index("First.")


def test_counts_are_right_and_lead_on(browser: Client, alice: User) -> None:
    partner = make_partner(alice)
    talk = make_conversation(partner, "One.", "Two.", "Three.")
    make_conversation(partner)
    make_fact(partner, conversation=talk)
    text = get(browser, address(Conversation))
    assert f'{address(Message)}?conversation={talk.pk}">3</a>' in text
    assert f'{address(ExtractedFact)}?conversation={talk.pk}">1</a>' in text
    text = get(browser, address(ConversationPartner))
    assert f'{address(Conversation)}?partner={partner.pk}">2</a>' in text


def test_rows_lead_from_fact_to_talk_to_partner_to_owner(browser: Client, alice: User) -> None:
    partner = make_partner(alice)
    talk = make_conversation(partner, "I moved to Kiel.")
    message = Message.objects.get(conversation=talk)
    fact = make_fact(partner, conversation=talk, source_message=message)
    assert page_of(talk) in get(browser, address(ExtractedFact))
    assert page_of(message) in get(browser, page_of(fact))
    assert page_of(talk) in get(browser, page_of(message))
    assert page_of(partner) in get(browser, page_of(talk))
    assert page_of(alice) in get(browser, page_of(partner))
    for record in (partner, talk, message):
        assert page_of(fact) in get(browser, page_of(record)), record


def test_the_user_page_leads_to_what_the_user_has(browser: Client, alice: User) -> None:
    assert f"{address(Conversation)}?user={alice.pk}" in get(browser, page_of(alice))


@pytest.mark.parametrize(
    ("holder", "field", "model", "typed"),
    [
        ("conversations.conversation", "partner", ConversationPartner, "Dan"),
        ("partners.conversationpartner", "user", User, "alic"),
        ("conversations.message", "conversation", Conversation, "gard"),
        ("conversations.extractedfact", "source_message", Message, "plant tomat"),
        ("conversations.conversationtopic", "topic", Topic, "arden"),
    ],
)
def test_related_records_are_completed_while_typing(
    browser: Client, alice: User, holder: str, field: str, model: type[models.Model], typed: str
) -> None:
    make_world(alice)
    app, name = holder.split(".")
    asked: dict[str, Any] = {"app_label": app, "model_name": name, "field_name": field}
    answer = browser.get("/admin/autocomplete/", {**asked, "term": typed})
    assert [row["id"] for row in answer.json()["results"]] == [
        str(model._default_manager.get(pk=answer.json()["results"][0]["id"]).pk)
    ]
    for wild in ("\x00", "'", "& | !", "\\", "9" * 40):
        assert browser.get("/admin/autocomplete/", {**asked, "term": wild}).status_code == 200


def test_a_list_of_blank_names_can_still_be_opened(browser: Client, alice: User) -> None:
    partner = make_partner(alice, "   ")
    talk = make_conversation(partner, title=" ")
    make_message(talk, "  ")
    text = get(browser, address(ConversationPartner))
    assert "(no name)" in text
    assert f"partner {partner.pk}" in get(browser, address(Conversation))
    assert f"Conversation {talk.pk}" in get(browser, address(Conversation))
    assert "(blank)" in get(browser, address(Message))


def test_talks_and_messages_are_found_without_accents_and_in_their_language(
    browser: Client, alice: User
) -> None:
    partner = make_partner(alice)
    make_conversation(partner, "Die Katzen schlafen im Café.", title="Daheim", language="german")
    make_conversation(partner, "今日は天気がいい。", title="東京にて")
    for typed in ("Katze", "cafe", "CAFÉ", '"schlafen im cafe"'):
        assert "Die Katzen" in get(browser, address(Message), q=typed), typed
        assert "Daheim" in get(browser, address(Conversation), q=typed), typed
    assert "天気がいい" in get(browser, address(Message), q="天気")


@pytest.mark.parametrize(
    ("model", "index"),
    [
        (ConversationPartner, "idx_partners_search"),
        (Conversation, "idx_conversations_search"),
        (Message, "idx_messages_search"),
        (ExtractedFact, "idx_facts_search"),
    ],
)
def test_a_search_is_served_by_an_index(
    browser: Client, alice: User, model: type[models.Model], index: str
) -> None:
    make_world(alice)
    searches = [
        sql for sql in queries_of(browser, address(model), q="tomato") if "to_tsquery" in sql
    ]
    assert searches
    with connection.cursor() as cursor:
        # In a table of a few rows anything else costs less.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        for sql in searches:
            assert index in text_plan_of(sql)
