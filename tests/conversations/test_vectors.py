"""Vectors of messages and talks: made on writing, gone with the words, never in the way."""

from __future__ import annotations

import math
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from rest_framework.test import APIClient

from conversations.models import Conversation, Message
from conversations.services.conversations import create_conversation
from conversations.services.embedding import embed_in_background
from convoai.accounts.models import User
from convoai.embedding.choice import embedder
from convoai.embedding.embedder import Embedder
from tests.factories import make_conversation, make_message, make_partner


def offline() -> Embedder:
    chosen = embedder()
    assert chosen is not None
    return chosen


def vector_of(message_id: int) -> list[float] | None:
    found: list[float] | None = Message.objects.values_list("embedding", flat=True).get(
        pk=message_id
    )
    return found


def talk_vector(pk: int) -> tuple[list[float] | None, str | None]:
    row = Conversation.objects.filter(pk=pk).values_list("embedding", "embedding_model").get()
    return row[0] if row[0] is None else list(row[0]), row[1]


def post_talk(api: APIClient, user: User, *words: str) -> Conversation:
    said = [{"sender": "user", "content": one} for one in words]
    body = {"partner_id": make_partner(user).pk, "messages": said}
    answer = api.post("/api/conversations/", body)
    assert answer.status_code == 201
    talk: Conversation = Conversation.objects.get(pk=answer.json()["id"])
    return talk


def test_new_messages_have_vectors_at_once(api: APIClient, alice: User) -> None:
    talk = post_talk(api, alice, "I moved to Porto.")
    api.post(f"/api/conversations/{talk.pk}/messages", [{"sender": "user", "content": "Why?"}])
    expected = offline().embed(["I moved to Porto.", "Why?"])
    rows = Message.objects.in_order().values_list("embedding", "embedding_model")
    for (vector, model), wanted in zip(rows, expected, strict=True):
        assert model == offline().name
        assert vector == pytest.approx(wanted, abs=1e-3)


def test_a_corrected_message_has_the_vector_of_its_new_words(api: APIClient, alice: User) -> None:
    message = post_talk(api, alice, "I moved to Porto.").messages.get()
    api.patch(f"/api/messages/{message.pk}", {"content": "We bought a boat."})
    assert vector_of(message.pk) == pytest.approx(
        offline().embed(["We bought a boat."])[0], abs=1e-3
    )
    api.patch(f"/api/messages/{message.pk}", {"speaker": "Dana"})
    wanted = offline().embed(["Dana: We bought a boat."])[0]
    assert vector_of(message.pk) == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("change", ["content = 'Hi'", "speaker = 'Eve'"])
def test_an_edit_in_sql_takes_the_old_vector_away(alice: User, api: APIClient, change: str) -> None:
    message = post_talk(api, alice, "I moved to Porto.").messages.get()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE messages SET timestamp = now(), content = content")
        assert vector_of(message.pk) is not None
        cursor.execute(f"UPDATE messages SET {change}")
    assert vector_of(message.pk) is None
    assert talk_vector(message.conversation_id) == (None, None)
    assert embed_in_background() == 1
    assert vector_of(message.pk) is not None


def test_a_talk_has_the_mean_of_its_messages_padded_and_of_length_one(
    api: APIClient, alice: User
) -> None:
    talk = post_talk(api, alice, "I moved to Porto.", "The sea is near.")
    one, two = offline().embed(["I moved to Porto.", "The sea is near."])
    mean = [a + b for a, b in zip(one, two, strict=True)]
    length = math.hypot(*mean)
    vector, model = talk_vector(talk.pk)
    assert model == offline().name
    assert vector is not None
    assert len(vector) == 4096
    assert vector[:256] == pytest.approx([value / length for value in mean], abs=2e-3)
    assert set(vector[256:]) == {0.0}
    assert math.isclose(math.hypot(*vector), 1, rel_tol=1e-5)
    talk.messages.filter(position=0).delete()
    assert talk_vector(talk.pk)[0] == pytest.approx([*two, *[0.0] * 3840], abs=2e-3)
    talk.messages.all().delete()
    assert talk_vector(talk.pk) == (None, None)


def test_without_an_embedder_nothing_is_embedded(
    api: APIClient, alice: User, settings: Any
) -> None:
    settings.EMBEDDER = "none"
    talk = post_talk(api, alice, "I moved to Porto.")
    assert vector_of(talk.messages.get().pk) is None
    assert embed_in_background() == 0
    api.patch(f"/api/messages/{talk.messages.get().pk}", {"content": "Hello."})
    assert talk_vector(talk.pk) == (None, None)


def test_an_embedder_that_fails_fails_no_write(
    api: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("convoai.embedding.offline.find_spec", lambda name: None)
    monkeypatch.setattr(offline(), "_loaded", None)
    talk = post_talk(api, alice, "My secret is Porto.")
    assert vector_of(talk.messages.get().pk) is None
    assert "make install" in caplog.text
    assert "Porto" not in caplog.text
    assert embed_in_background() == 0


def test_a_message_without_a_word_is_done_and_has_no_vector(alice: User) -> None:
    talk = make_conversation(make_partner(alice), "")
    assert embed_in_background() == 1
    assert vector_of(talk.messages.get().pk) is None
    assert not Message.objects.owned_by(alice).not_embedded(offline().name).exists()
    assert embed_in_background() == 0


def test_another_model_counts_as_not_embedded_and_is_replaced(alice: User, bob: User) -> None:
    for user, model in ((alice, "aaa"), (alice, "zzz"), (alice, None), (bob, "zzz")):
        message = make_message(make_conversation(make_partner(user)), "I moved to Porto.")
        Message.objects.filter(pk=message.pk).update(
            embedding=model and [0.5] * 7, embedding_model=model
        )
    own = Message.objects.owned_by(alice)
    assert own.not_embedded(offline().name).count() == 3
    assert own.not_embedded("zzz").count() == 2
    assert embed_in_background() == 4
    assert own.not_embedded(offline().name).count() == 0
    assert {len(vector) for vector in own.values_list("embedding", flat=True)} == {256}


def test_talks_with_messages_of_two_models_have_the_mean_of_the_newer_one(alice: User) -> None:
    talk = make_conversation(make_partner(alice), "One", "Two", "Three")
    for position, vector, model in ((0, [9.0] * 5, "old"), (1, [0.0, 2.0], "new")):
        Message.objects.filter(position=position).update(embedding=vector, embedding_model=model)
    found, by = talk_vector(talk.pk)
    assert (by, found and found[:3]) == ("new", [0.0, 1.0, 0.0])


@pytest.mark.bad_input(48)
@pytest.mark.parametrize("table", ["messages", "conversations"])
def test_a_vector_of_zeros_or_without_a_model_is_refused_by_the_database(
    alice: User, table: str
) -> None:
    make_conversation(make_partner(alice), "Hello.")
    kind = "halfvec" if table == "messages" else "vector"
    for values in (
        f"embedding = array_fill(0, ARRAY[4096])::{kind}, embedding_model = 'm'",
        f"embedding = array_fill(1, ARRAY[4096])::{kind}",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {values}")


def test_a_transcript_is_embedded_message_by_message(alice: User) -> None:
    talk, _ = create_conversation(
        user=alice, partner=make_partner(alice), full_transcript="Dana: Hello.\nMe: Hello, Dana."
    )
    assert talk.messages.filter(embedding__isnull=False).count() == talk.messages.count() > 1
