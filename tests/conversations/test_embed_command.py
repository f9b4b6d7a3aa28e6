"""manage.py embed: what it embeds, says and refuses, and how it goes on."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Sequence
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from conversations.models import Message
from convoai.accounts.models import User
from convoai.embedding.embedder import EmbeddingFailed
from convoai.embedding.offline import NAME, OfflineEmbedder
from tests.factories import make_conversation, make_partner


@pytest.fixture(autouse=True)
def talks(alice: User, bob: User) -> None:
    make_conversation(make_partner(alice), "I live in Porto.", "Since when?", "")
    make_conversation(make_partner(bob), "I live in Faro.")


def run(*words: str) -> str:
    out = io.StringIO()
    call_command("embed", *words, stdout=out, stderr=out)
    return out.getvalue()


def embedded() -> int:
    return len(Message.objects.filter(embedding_model=NAME))


def test_what_is_missing_is_embedded_once() -> None:
    assert "4 embedded" in run()
    assert embedded() == 4
    assert Message.objects.filter(embedding__isnull=False).count() == 3
    assert "Nothing to do" in run("--missing")
    Message.objects.filter(content="Since when?").update(embedding_model="other")
    assert "1 embedded" in run()


def test_one_owner_can_be_chosen(bob: User) -> None:
    assert "1 embedded" in run("--owner", "BOB@example.org")
    assert set(Message.objects.filter(embedding_model=NAME).values_list("user", flat=True)) == {
        bob.pk
    }
    with pytest.raises(CommandError, match="There is no user"):
        run("--owner", "eve@example.org")


def test_all_are_embedded_anew_also_from_a_place_on() -> None:
    run()
    Message.objects.update(embedding=[1.0, 2.0])
    assert "4 embedded" in run("--all")
    assert {len(v) for v in Message.objects.values_list("embedding", flat=True) if v} == {256}
    last = Message.objects.order_by("pk").values_list("pk", flat=True)[2]
    assert "1 embedded" in run("--all", "--after", str(last))
    with pytest.raises(CommandError, match="--after goes with --all"):
        run("--after", "1")


def test_ctrl_c_finishes_the_batch_and_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("conversations.services.embedding.BATCH", 2)
    original = OfflineEmbedder.embed

    def interrupted(self: OfflineEmbedder, texts: Sequence[str]) -> list[list[float]]:
        os.kill(os.getpid(), signal.SIGINT)
        return original(self, texts)

    with monkeypatch.context() as patch:
        patch.setattr(OfflineEmbedder, "embed", interrupted)
        with pytest.raises(SystemExit) as stop:
            run()
        assert stop.value.code == 130
        assert embedded() == 2
        with pytest.raises(SystemExit):
            run("--all")
    assert "2 embedded" in run()
    assert embedded() == 4


def test_a_failing_embedder_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: OfflineEmbedder, texts: Sequence[str]) -> list[list[float]]:
        raise EmbeddingFailed("the provider answered 401")

    monkeypatch.setattr(OfflineEmbedder, "embed", fail)
    with pytest.raises(CommandError, match="0 embedded, then the provider answered 401"):
        run()


def test_without_an_embedder_there_is_nothing_to_embed_with(settings: Any) -> None:
    settings.EMBEDDER = "none"
    with pytest.raises(CommandError, match="EMBEDDER=none"):
        run()
    settings.EMBEDDER = "word2vec"
    with pytest.raises(CommandError, match="EMBEDDER must be"):
        run()


def test_a_message_that_changes_meanwhile_is_embedded_in_its_new_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = OfflineEmbedder.embed
    changed: list[int] = []

    def meanwhile(self: OfflineEmbedder, texts: Sequence[str]) -> list[list[float]]:
        if not changed:
            changed.append(Message.objects.filter(content="Since when?").update(content="Why?"))
        return original(self, texts)

    monkeypatch.setattr(OfflineEmbedder, "embed", meanwhile)
    run()
    wanted = OfflineEmbedder().embed(["Why?"])[0]
    found = Message.objects.values_list("embedding", flat=True).get(content="Why?")
    assert found == pytest.approx(wanted, abs=1e-3)
