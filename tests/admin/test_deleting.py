"""Deleting in the admin: at once, with everything that hangs on it, and with its numbers said."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from PIL import Image

from conversations.models import Conversation, ExtractedFact, Message, Topic
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.admin.pages import MODELS, MOST_QUERIES, address, errors, get, page_of, queries_of
from tests.admin.test_records import one_of
from tests.factories import make_conversation, make_fact, make_partner

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [*MODELS, User])
def test_a_record_is_deleted_on_its_page(
    browser: Client, alice: User, bob: User, model: type[models.Model]
) -> None:
    record = one_of(model, alice) if model is not User else alice
    if model is User:
        one_of(Message, alice)
    kept = make_fact(make_partner(bob))
    assert browser.post(page_of(record, "delete"), {"post": "yes"}).status_code == 302
    assert not model._default_manager.filter(pk=record.pk).exists()
    assert list(ExtractedFact.objects.filter(user=bob)) == [kept]


@pytest.mark.parametrize("model", MODELS)
def test_many_records_are_deleted_by_action(
    browser: Client, alice: User, model: type[models.Model]
) -> None:
    record = one_of(model, alice, "first")
    other = one_of(model, alice, "second")
    form = {"action": "delete_selected", "_selected_action": [record.pk, other.pk]}
    asked = browser.post(address(model), form)
    assert "Are you sure" in asked.content.decode()
    assert browser.post(address(model), {**form, "post": "yes"}).status_code == 302
    assert not model._default_manager.exists()


def test_a_user_goes_with_everything(browser: Client, alice: User) -> None:
    one_of(ExtractedFact, alice)
    browser.post(page_of(alice, "delete"), {"post": "yes"})
    for model in (ConversationPartner, Conversation, Message, ExtractedFact):
        assert not model._default_manager.exists(), model


def test_the_page_that_asks_says_how_much_goes_along(browser: Client, alice: User) -> None:
    partner = make_partner(alice)
    for _ in range(2):
        talk = make_conversation(partner, "One.", "Two.", "Three.")
    message = Message.objects.filter(conversation=talk).latest("position")
    make_fact(partner, "one", conversation=talk, source_message=message)
    make_fact(partner, "two", conversation=talk, review="confirmed")
    text = get(browser, page_of(partner, "delete"))
    assert "conversations: 2" in text.lower()
    assert "messages: 6" in text.lower()
    assert "facts: 2" in text.lower()
    text = get(browser, page_of(talk, "delete"))
    assert "messages: 3" in text.lower()
    assert "facts: 1" in text.lower(), "what the person confirmed stays"
    assert "facts: 1" in get(browser, page_of(message, "delete")).lower()
    assert "messages: 6" in get(browser, page_of(alice, "delete")).lower()


def test_asking_costs_the_same_for_a_long_talk(browser: Client, alice: User) -> None:
    talk = make_conversation(make_partner(alice), *(f"Turn {n}." for n in range(120)))
    text = get(browser, page_of(talk, "delete"))
    assert "Turn 7." not in text
    assert len(queries_of(browser, page_of(talk, "delete"))) <= MOST_QUERIES


def test_what_the_person_confirmed_outlives_the_talk(browser: Client, alice: User) -> None:
    partner = make_partner(alice)
    talk = make_conversation(partner, "One.")
    make_fact(partner, "gone", conversation=talk)
    make_fact(partner, "kept", conversation=talk, review="confirmed")
    browser.post(page_of(talk, "delete"), {"post": "yes"})
    assert [fact.fact_key for fact in ExtractedFact.objects.all()] == ["kept"]


def picture() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    return SimpleUploadedFile("face.png", out.getvalue(), "image/png")


def stored(partner: ConversationPartner) -> Path:
    return Path(settings.MEDIA_ROOT) / str(partner.image_path)


@pytest.mark.parametrize("by_action", [False, True])
def test_a_picture_is_stored_shown_and_removed_with_its_partner(
    browser: Client,
    alice: User,
    settings: Any,
    tmp_path: Path,
    by_action: bool,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    with django_capture_on_commit_callbacks(execute=True):
        form = {"user": alice.pk, "name": "Dana", "picture": picture()}
        browser.post(address(ConversationPartner, "add"), form)
    partner = ConversationPartner.objects.get()
    assert stored(partner).is_file()
    where = address(ConversationPartner, "picture", partner.pk)
    assert where in get(browser, page_of(partner))
    answer = browser.get(where)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert b"".join(answer).startswith(b"\xff\xd8")
    assert Client().get(where).status_code == 302
    with django_capture_on_commit_callbacks(execute=True):
        if by_action:
            chosen = {"action": "delete_selected", "_selected_action": [partner.pk]}
            browser.post(address(ConversationPartner), {**chosen, "post": "yes"})
        else:
            browser.post(page_of(partner, "delete"), {"post": "yes"})
    assert not ConversationPartner.objects.exists()
    assert not list(tmp_path.rglob("*.jpg"))


@pytest.mark.bad_input(56)
def test_a_file_that_is_no_picture_is_refused_in_the_form(browser: Client, alice: User) -> None:
    page = SimpleUploadedFile("face.png", b"<svg onload=alert(1)>", "image/png")
    form = {"user": alice.pk, "name": "Dana", "picture": page}
    assert "must be an image" in errors(browser.post(address(ConversationPartner, "add"), form))


def test_a_topic_goes_and_the_talks_about_it_stay(browser: Client, alice: User) -> None:
    topic = one_of(Topic, alice)
    browser.post(page_of(topic, "delete"), {"post": "yes"})
    assert Conversation.objects.count() == 1
