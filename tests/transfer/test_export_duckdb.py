"""manage.py export_duckdb and verify_duckdb: out again, and what differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from conversations.models import Conversation, ExtractedFact, Message, Topic
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_fact, make_partner, make_user
from tests.transfer.commands import checksums, everything, import_file, run
from tests.transfer.old_files import (
    fact,
    link,
    message,
    old_hash,
    partner,
    talk,
    topic,
    user,
    vector,
    write_file,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_file(
        tmp_path / "old.duckdb",
        plain=True,
        users=[user(1, hashed_password=old_hash()), user(2)],
        conversation_partners=[partner(1, image_embedding=vector(512, 7.0)), partner(2, user_id=2)],
        conversations=[
            talk(1, embedding=vector(768), summary="A line\nand a\ttab, \\N and 'quotes'\""),
            talk(2, full_transcript="Me: Hi.\nPartner 1: Ho."),
        ],
        messages=[message(1, "I work at Nordlicht."), message(2, "Nul \x00."), message(3, "")],
        topics=[topic(1, "Work"), topic(2, "work"), topic(5, "Art")],
        conversation_topics=[link(1, 1), link(1, 2), link(1, 5)],
        extracted_facts=[fact(1), fact(2, value="Südlicht"), fact(9, "hobby", "chess")],
    )


def read(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as file:
        return file.execute(query).fetchall()


def test_in_out_and_in_again_gives_equal_checksums(file: Path, tmp_path: Path) -> None:
    first = import_file(file)
    run("export_duckdb", tmp_path / "out.duckdb")
    User.objects.all().delete()
    Topic.objects.all().delete()
    second = import_file(tmp_path / "out.duckdb")
    assert checksums(first) == checksums(second)
    assert User.objects.get(pk=1).password.startswith("bcrypt$$2b$04$")


def test_what_was_exported_agrees_with_the_database(file: Path, tmp_path: Path) -> None:
    import_file(file)
    out = tmp_path / "out.duckdb"
    run("export_duckdb", out)
    before = everything()
    for one in (file, out):
        assert "The file and the database agree." in run("verify_duckdb", one)
    assert everything() == before


def test_export_has_the_old_schema(file: Path, tmp_path: Path) -> None:
    import_file(file)
    out = tmp_path / "out.duckdb"
    run("export_duckdb", out)
    kinds = dict(
        read(
            out,
            "SELECT table_name || '.' || column_name, data_type FROM duckdb_columns() "
            "WHERE NOT internal",
        )
    )
    assert len(kinds) == 7 + 12 + 12 + 6 + 4 + 4 + 12
    assert kinds["messages.id"] == "INTEGER"
    assert kinds["messages.timestamp"] == "TIMESTAMP WITH TIME ZONE"
    assert kinds["conversations.embedding"] == "JSON"
    assert kinds["extracted_facts.confidence"] == "FLOAT"
    [(face,)] = read(out, "SELECT image_embedding FROM conversation_partners WHERE id = 1")
    [(text,)] = read(out, "SELECT embedding FROM conversations WHERE id = 1")
    assert (len(json.loads(face)), len(json.loads(text))) == (4096, 768)
    [(password,)] = read(out, "SELECT hashed_password FROM users WHERE id = 2")
    assert password == "auto-generated"


def test_old_backend_can_go_on_writing(file: Path, tmp_path: Path) -> None:
    import_file(file)
    out = tmp_path / "out.duckdb"
    run("export_duckdb", out)
    with duckdb.connect(str(out)) as old:
        made = old.execute(
            "INSERT INTO messages (conversation_id, sender, content) VALUES (1, 'user', 'New.') "
            "RETURNING id"
        ).fetchall()
        assert made == [(Message.objects.latest("pk").pk + 1,)]
        with pytest.raises(duckdb.ConstraintException):
            old.execute(
                "INSERT INTO messages (conversation_id, sender, content) VALUES (9, '', '')"
            )


def test_what_was_made_here_comes_out(tmp_path: Path) -> None:
    owner = make_user(password="a password of today")
    talk = make_conversation(make_partner(owner), "Hi.", "Ho.", title="Today")
    make_fact(talk.partner)
    make_fact(talk.partner, "home", "Kiel", subject="user")
    out = tmp_path / "out.duckdb"
    report = run("export_duckdb", out)
    assert "messages: 2" in report
    assert "Left out: 1 facts about others than the partner" in report
    assert read(out, "SELECT content FROM messages ORDER BY id") == [("Hi.",), ("Ho.",)]
    assert "agree" in run("verify_duckdb", out)
    owner.delete()
    import_file(out)
    assert User.objects.get().check_password("a password of today")


def test_numbers_too_large_for_the_old_type_make_it_larger(tmp_path: Path) -> None:
    make_partner(make_user(), pk=5_000_000_000)
    out = tmp_path / "out.duckdb"
    run("export_duckdb", out)
    assert read(out, "SELECT id FROM conversation_partners") == [(5_000_000_000,)]


def test_export_never_replaces_a_file(tmp_path: Path) -> None:
    out = tmp_path / "out.duckdb"
    out.write_text("mine")
    with pytest.raises(CommandError, match="There is a file"):
        run("export_duckdb", out)
    assert out.read_text() == "mine"
    with pytest.raises(CommandError, match="cannot be written"):
        run("export_duckdb", tmp_path / "no" / "out.duckdb")


def test_export_that_fails_leaves_nothing_behind(
    tmp_path: Path, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_partner(alice)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("convoai.transfer.duckdb_files.exporting._old", stop)
    with pytest.raises(KeyboardInterrupt):
        run("export_duckdb", tmp_path / "out.duckdb")
    assert list(tmp_path.iterdir()) == []


def test_differences_are_printed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import_file(file)
    Conversation.objects.filter(pk=1).update(summary="Another")
    Message.objects.filter(pk=2).update(content="Corrected.")
    ExtractedFact.objects.get(pk=9).delete()
    added = make_partner(User.objects.get(pk=1), "New")
    ConversationPartner.objects.filter(pk=1).update(image_embedding=None)
    make_partner(make_user("bob"))
    with pytest.raises(CommandError, match="differ"):
        call_command("verify_duckdb", str(file))
    printed = capsys.readouterr().out
    for line in (
        "conversations: summary differs: 1",
        "messages: content differs: 2",
        "extracted_facts: only in the file: 9",
        f"conversation_partners: only in the database: {added.pk}",
        "conversation_partners: image_embedding differs: 1",
    ):
        assert line in printed.splitlines()
    assert len(printed.splitlines()) == 5
