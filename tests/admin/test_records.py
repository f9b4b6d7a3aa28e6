"""Opening, adding, changing and deleting records in the admin."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import models
from django.test import Client
from django.utils import timezone

from conversations.models import Conversation, ConversationTopic, ExtractedFact, Message, Topic
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.admin.conftest import browser_of
from tests.admin.pages import MODELS, MOST_QUERIES, address, errors, get, page_of, queries_of
from tests.factories import make_conversation, make_fact, make_message, make_partner, make_user

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def one_of(model: type[models.Model], user: User, text: str = "words") -> Any:
    """A record of the model with the text wherever a person's text may stand."""
    partner = make_partner(user, text, notes=text, relationship=text, email=text, image_url=text)
    talk = make_conversation(
        partner,
        text,
        title=text,
        summary=text,
        source=text[:50],
        full_transcript=text,
        key_insights=[text, {"text": text}],
        sentiment=text[:50],
    )
    message = Message.objects.get(conversation=talk)
    topic = Topic.objects.create(name=text, category=text)
    ConversationTopic.objects.create(user=user, conversation=talk, topic=topic)
    fact = make_fact(
        partner, text, text, category=text, quote=text, conversation=talk, source_message=message
    )
    return {type(row): row for row in (partner, talk, message, topic, fact)}[model]


def stamp(name: str) -> dict[str, str]:
    """A time as the admin's form sends it."""
    return {f"{name}_0": "2026-05-01", f"{name}_1": "10:00:00"}


def topics_form(*links: tuple[int, int]) -> dict[str, Any]:
    """The inline of topics with these new (topic, relevance)."""
    form: dict[str, Any] = {
        "conversation_topics-TOTAL_FORMS": len(links),
        "conversation_topics-INITIAL_FORMS": 0,
    }
    for index, (topic, relevance) in enumerate(links):
        form[f"conversation_topics-{index}-topic"] = topic
        form[f"conversation_topics-{index}-relevance_score"] = relevance
    return form


@pytest.mark.parametrize("page", ["change", "delete", "history"])
@pytest.mark.parametrize("model", [*MODELS, User])
def test_a_record_opens_in_few_queries(
    browser: Client, alice: User, model: type[models.Model], page: str
) -> None:
    record = alice if model is User else one_of(model, alice)
    assert len(queries_of(browser, page_of(record, page))) <= MOST_QUERIES


@pytest.mark.parametrize("model", [*MODELS, User])
def test_the_page_for_a_new_record_opens(browser: Client, model: type[models.Model]) -> None:
    text = get(browser, address(model, "add"))
    assert "<form" in text
    assert text.count("<option") < 20, "no list of thousands to choose from"


@pytest.mark.bad_input(22)
@pytest.mark.parametrize("page", ["changelist", "change", "delete", "history"])
@pytest.mark.parametrize("model", MODELS)
def test_hostile_text_is_escaped(
    browser: Client, alice: User, model: type[models.Model], page: str
) -> None:
    record = one_of(model, alice, HOSTILE)
    text = get(browser, address(model) if page == "changelist" else page_of(record, page))
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    if page in ("changelist", "change"):
        assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("page", ["changelist", "change", "add", "delete", "history"])
def test_pages_hold_under_the_content_security_policy(
    browser: Client, alice: User, model: type[models.Model], page: str
) -> None:
    record = one_of(model, alice)
    alone = page in ("changelist", "add")
    text = get(browser, address(model, page) if alone else page_of(record, page))
    assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son\w+=", text)


def test_vectors_are_named_and_not_shown(browser: Client, alice: User) -> None:
    partner = make_partner(alice)
    talk = make_conversation(partner, "Hello.")
    ones = [0.123] * 4096
    ConversationPartner.objects.filter(pk=partner.pk).update(
        image_embedding=ones, image_embedding_model="face-1"
    )
    Message.objects.update(embedding=[0.123] * 384, embedding_model="small-1")
    Conversation.objects.filter(pk=talk.pk).update(embedding=ones, embedding_model="text-1")
    message = Message.objects.get()
    for record, expected in [
        (partner, "Present: 4,096 numbers, by face-1."),
        (talk, "Present: 4,096 numbers, by text-1."),
        (message, "Present: 384 numbers, by small-1."),
    ]:
        text = get(browser, page_of(record))
        assert expected in text
        assert "0.123" not in text
        wide = [sql for sql in queries_of(browser, page_of(record)) if 'embedding",' in sql]
        assert not wide


def test_a_talk_of_20_000_messages_opens_page_by_page(browser: Client, alice: User) -> None:
    talk = make_conversation(make_partner(alice))
    Message.objects.bulk_create(
        Message(user=alice, conversation=talk, position=n, sender="user", content=f"turn {n}.")
        for n in range(20_000)
    )
    text = get(browser, page_of(talk))
    assert text.index("turn 0.") < text.index("turn 99.")
    assert "turn 100." not in text
    assert "Page 1 of 200" in text
    assert "turn 19999." in get(browser, page_of(talk), page="200")
    assert "turn 19999." in get(browser, page_of(talk), page="999999")
    assert len(queries_of(browser, page_of(talk))) <= MOST_QUERIES


def test_a_huge_transcript_is_shown_by_its_beginning(browser: Client, alice: User) -> None:
    talk = make_conversation(make_partner(alice), full_transcript="abcd " * 1_000_000)
    text = get(browser, page_of(talk))
    assert "the first 5,000 of 5,000,000 characters" in text
    assert len(text) < 100_000


def test_a_partner_is_added_and_changed(browser: Client, alice: User) -> None:
    where = address(ConversationPartner, "add")
    assert browser.post(where, {"user": alice.pk, "name": "Dana"}).status_code == 302
    partner = ConversationPartner.objects.get()
    assert (partner.user, partner.name, partner.email) == (alice, "Dana", None)
    answer = browser.post(page_of(partner), {"name": "Dana B.", "email": "d@example.org"})
    assert answer.status_code == 302
    partner.refresh_from_db()
    assert (partner.name, partner.email) == ("Dana B.", "d@example.org")
    assert partner.updated_at


def test_the_owner_of_a_record_cannot_be_changed(browser: Client, alice: User, bob: User) -> None:
    partner = make_partner(alice)
    browser.post(page_of(partner), {"name": "Dana", "user": bob.pk, "owner": bob.pk})
    partner.refresh_from_db()
    assert partner.user == alice


@pytest.mark.parametrize("name", ["", "x" * 256, "a\x00b"])
def test_a_partner_with_a_bad_name_is_refused_in_the_form(
    browser: Client, alice: User, name: str
) -> None:
    where = address(ConversationPartner, "add")
    assert errors(browser.post(where, {"user": alice.pk, "name": name}))
    assert not ConversationPartner.objects.exists()


def test_a_talk_is_added_with_its_transcript_cut_into_messages(
    browser: Client, alice: User
) -> None:
    partner = make_partner(alice, "Dana")
    form = {
        "partner": partner.pk,
        "title": "On the phone",
        "language": "english",
        "full_transcript": "Me: How is Kiel?\nDana: Windy.",
        **stamp("started_at"),
    }
    assert browser.post(address(Conversation, "add"), form).status_code == 302
    talk = Conversation.objects.get()
    assert (talk.user, talk.source) == (alice, "admin")
    assert [message.content for message in talk.messages.in_order()] == ["How is Kiel?", "Windy."]


def test_a_talk_is_changed_with_its_topics(browser: Client, alice: User) -> None:
    talk = make_conversation(make_partner(alice), title="Before")
    topic = Topic.objects.create(name="Sailing")
    form = {"title": "After", "language": "english", **stamp("started_at")}
    answer = browser.post(page_of(talk), {**form, **topics_form((topic.pk, 7))})
    assert answer.status_code == 302
    talk.refresh_from_db()
    assert talk.title == "After"
    link = ConversationTopic.objects.get()
    assert (link.user, link.topic, link.relevance_score) == (alice, topic, 7)
    twice = topics_form((topic.pk, 7))
    assert errors(browser.post(page_of(talk), {**form, **twice})), "the same topic once more"
    assert errors(browser.post(page_of(talk), {**form, **topics_form((topic.pk, 11))}))


def test_a_talk_that_breaks_a_rule_is_refused_in_the_form(browser: Client, alice: User) -> None:
    partner = make_partner(alice)
    make_conversation(partner, external_id="call-1")
    form = {"partner": partner.pk, "language": "english", **stamp("started_at")}
    wrongs: list[tuple[dict[str, Any], str]] = [
        ({"external_id": "call-1"}, "external id"),
        ({"ended_at_0": "2025-01-01", "ended_at_1": "10:00"}, "before it starts"),
        ({"started_at_0": "1066-10-14"}, "1900"),
        ({"started_at_0": "9999-12-31"}, "2200"),
        ({"partner": 10**9}, "valid choice"),
    ]
    for wrong, word in wrongs:
        answer = browser.post(address(Conversation, "add"), {**form, **wrong})
        assert word in errors(answer), wrong
    assert Conversation.objects.count() == 1


def test_a_message_is_added_at_the_end_and_corrected(browser: Client, alice: User) -> None:
    talk = make_conversation(make_partner(alice), "One.", "Two.")
    form = {"sender": "user", "content": "Three.", **stamp("timestamp")}
    answer = browser.post(address(Message, "add"), {"conversation": talk.pk, **form})
    assert answer.status_code == 302
    message = Message.objects.get(content="Three.")
    assert (message.position, message.user) == (2, alice)
    assert browser.post(page_of(message), {**form, "content": "Four."}).status_code == 302
    assert "Four." in get(browser, address(Message), q="four")
    assert errors(browser.post(page_of(message), {**form, "sender": "nobody"}))


def test_a_topic_is_named_once_whatever_its_case(browser: Client) -> None:
    where = address(Topic, "add")
    assert browser.post(where, {"name": "Sailing"}).status_code == 302
    assert "already" in errors(browser.post(where, {"name": "ＳＡＩＬＩＮＧ "}))
    topic = Topic.objects.get()
    assert browser.post(page_of(topic), {"name": "Boats"}).status_code == 302
    topic.refresh_from_db()
    assert topic.name_key == "boats"


@pytest.mark.bad_input(77)
@pytest.mark.parametrize("page", ["change", "history", "delete"])
@pytest.mark.parametrize("model", [*MODELS, User])
def test_opening_a_record_is_written_down_in_numbers(
    browser: Client,
    olivia: User,
    alice: User,
    model: type[models.Model],
    page: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    record = alice if model is User else one_of(model, alice, "Confidential")
    with caplog.at_level(logging.INFO, "convoai.admin"):
        get(browser, page_of(record, page))
    (line,) = caplog.messages
    owner = "-" if model is Topic else alice.pk
    assert line.startswith(f"staff {olivia.pk} ")
    assert line.endswith(f"{model._meta.verbose_name} {record.pk} of user {owner}")
    assert "Confidential" not in line


def test_the_history_keeps_numbers_and_not_names(
    browser: Client, olivia: User, alice: User
) -> None:
    partner = make_partner(alice, "Confidential")
    browser.post(page_of(partner), {"name": "Confidential too"})
    assert "Changed Name" in get(browser, page_of(partner, "history"))
    browser.post(page_of(partner, "delete"), {"post": "yes"})
    entries = LogEntry.objects.filter(user=olivia)
    assert entries.count() == 2
    assert {entry.object_repr for entry in entries} == {f"partner {partner.pk}"}


@pytest.mark.parametrize("model", [*MODELS, User])
def test_nobody_and_strangers_see_no_page(
    alice: User, bob: User, model: type[models.Model]
) -> None:
    record = alice if model is User else one_of(model, alice)
    unprivileged = make_user("charlie", is_staff=True)
    for page in (address(model), page_of(record), page_of(record, "delete")):
        for client in (Client(), browser_of(bob)):
            answer = client.get(page)
            assert answer.status_code == 302
            assert "login" in answer.headers["Location"]
        assert browser_of(unprivileged).get(page).status_code == 403
        assert browser_of(bob).post(page, {"post": "yes"}).status_code in (302, 403)
    assert model._default_manager.filter(pk=record.pk).exists()


def test_staff_with_the_right_to_look_cannot_change(alice: User) -> None:
    from django.contrib.auth.models import Permission

    partner = make_partner(alice, "Dana")
    make_message(make_conversation(partner))
    fact = make_fact(partner)
    looker = make_user("lukas", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    browser = browser_of(looker)
    for model in MODELS:
        get(browser, address(model))
    for record in (partner, fact, Message.objects.get(), Conversation.objects.get()):
        assert 'name="_save"' not in get(browser, page_of(record))
    assert 'name="_confirm"' not in get(browser, page_of(fact))
    assert browser.post(page_of(partner), {"name": "Other"}).status_code == 403
    assert browser.post(page_of(fact), {"_reject": "1"}).status_code == 403
    assert browser.get(page_of(partner, "delete")).status_code == 403
    assert ExtractedFact.objects.get().is_current
    assert timezone.now() > partner.created_at
