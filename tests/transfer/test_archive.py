"""A person's archive: everything of theirs, nothing of others, and back in again."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_q.models import Task
from PIL import Image
from rest_framework.test import APIClient

from conversations.models import Conversation, ConversationTopic, ExtractedFact, Message, Topic
from convoai.accounts.models import User
from convoai.transfer.archive import background, views
from convoai.transfer.archive.contents import LEFT_OUT_MODELS, TABLES
from partners.images import store_image
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_fact, make_message, make_partner
from tests.transfer.archives import (
    archive_of,
    declared,
    load,
    rows,
    with_rows,
    without_ids,
)

CANARY = "xylophone-of-bob"


@pytest.fixture
def full(alice: User, bob: User, settings: Any, tmp_path: Path) -> User:
    """Alice with a bit of everything, and Bob with words that must never show up."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.DATA_DIR = tmp_path / "data"
    dana = make_partner(alice, "Dana *Weiß*", notes="Line one\nTab\there \\N")
    photo = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(photo, "JPEG")
    dana.image_path = store_image(alice.pk, photo.getvalue())
    dana.save(update_fields=["image_path"])
    talk = make_conversation(dana, "I bake <b>bread</b>.", "Since when?\n\nTell me.", title="Lunch")
    older = make_fact(dana, "employer", "Bakery", is_current=False, conversation=talk)
    newer = make_fact(dana, "employer", "Harbour", source_message=talk.messages.get(position=0))
    older.superseded_by = newer
    older.save(update_fields=["superseded_by"])
    topic = Topic.objects.create(name="Bread", category="food")
    ConversationTopic.objects.create(user=alice, conversation=talk, topic=topic, relevance_score=7)
    with connection.cursor() as cursor:
        ones = f"[{','.join(['0.5'] * 4 + ['0'] * 4092)}]"
        cursor.execute(
            "UPDATE conversation_partners SET image_embedding = %s, image_embedding_model = 'm'"
            " WHERE id = %s",
            [ones, dana.pk],
        )
        cursor.execute("UPDATE messages SET embedding = '[0.25,-1,0]', embedding_model = 'w'")
    make_fact(make_partner(bob, CANARY), "pet", CANARY)
    make_conversation(make_partner(bob), CANARY, title=CANARY)
    return alice


def test_archive_holds_all_of_its_user_and_nothing_of_others(full: User) -> None:
    files = archive_of(full)
    manifest = json.loads(files["manifest.json"])
    assert manifest["counts"] == {
        "user": 1,
        "partners": 1,
        "topics": 1,
        "conversations": 1,
        "messages": 2,
        "conversation_topics": 1,
        "facts": 2,
        "pictures": 1,
    }
    assert not any(CANARY.encode() in data for data in files.values())
    assert not any(b"argon2" in data or b"password" in data for data in files.values())


def test_pages_are_readable_and_escape_what_was_said(full: User) -> None:
    files = archive_of(full)
    page = next(data for name, data in files.items() if name.startswith("pages/conversations"))
    assert "\\<b\\>bread\\</b\\>" in page.decode()
    person = next(data for name, data in files.items() if name.startswith("pages/partners"))
    assert "# Dana \\*Weiß\\*" in person.decode()
    assert "employer: Harbour" in person.decode()
    assert "Bakery" not in person.decode()


def test_page_says_when_another_day_begins(alice: User) -> None:
    talk = make_conversation(make_partner(alice))
    first = talk.started_at.replace(hour=23, minute=50)
    Conversation.objects.filter(pk=talk.pk).update(started_at=first)
    for number in range(3):
        make_message(talk, f"Words {number}", timestamp=first + number * timedelta(hours=1))
    (page,) = [data.decode() for path, data in archive_of(alice).items() if "pages/conv" in path]
    assert page.count("## ") == 1
    assert f"## {first.date() + timedelta(days=1)}\n\n**You** (00:50): Words 1" in page


def test_archive_taken_in_gives_the_same_archive(
    full: User, bob: User, client_of: Callable[[User], APIClient]
) -> None:
    files = archive_of(full)
    bob.delete()
    eve = User.objects.create(email="eve@example.org", username="eve")
    loaded = load(files, eve)
    again = archive_of(eve)
    assert without_ids(again) == without_ids(files)
    assert loaded.added["messages"] == 2
    assert loaded.there["topics"] == 1
    picture = next(name for name in files if name.startswith("pictures/"))
    assert files[picture] == next(d for n, d in again.items() if n.startswith("pictures/"))
    found = client_of(eve).get("/api/facts").json()
    assert {fact["fact_value"] for fact in found} == {"Bakery", "Harbour"}
    fresh = make_conversation(ConversationPartner.objects.get(user=eve), "Still writable.")
    assert fresh.pk


def test_same_archive_twice_changes_nothing(full: User) -> None:
    files = archive_of(full)
    loaded = load(files, full)
    assert not +loaded.added
    assert archive_of(full)["data/facts.jsonl"] == files["data/facts.jsonl"]


def test_taking_in_reads_no_table_anew_for_each_talk(alice: User, bob: User) -> None:
    partner, talks, messages = make_partner(alice), 60, 1_200
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations (user_id, partner_id) SELECT %s, %s "
            "FROM generate_series(1, %s)",
            [alice.pk, partner.pk, talks],
        )
        cursor.execute(
            "INSERT INTO messages (user_id, conversation_id, position, sender, content) "
            "SELECT user_id, id, place, 'user', repeat('word ', 60) "
            "FROM conversations, generate_series(1, %s) AS place",
            [messages // talks],
        )
        files = archive_of(alice)
        # As in a new installation: PostgreSQL knows that nothing is there.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE messages CASCADE")
        cursor.execute("ANALYZE messages")
        query = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'messages'"
        cursor.execute(query)
        before = cursor.fetchone()[0]
        load(files, bob)
        cursor.execute(query)
        assert cursor.fetchone()[0] - before < 10 * messages


def test_archive_from_before_a_column_was_added_is_taken_in(full: User, bob: User) -> None:
    files = archive_of(full)
    for name, later in (("facts", ("pinned_at", "subject")), ("conversations", ("action_items",))):
        older = [{k: v for k, v in row.items() if k not in later} for row in rows(files, name)]
        files = with_rows(files, name, older)
    load(files, bob)
    assert set(ExtractedFact.objects.owned_by(bob).values_list("subject", "pinned_at")) == {
        ("partner", None)
    }
    talks = Conversation.objects.owned_by(bob).values_list("action_items", flat=True)
    assert not any(talks)


def test_living_account_keeps_its_current_value(full: User) -> None:
    files = archive_of(full)
    dana = ConversationPartner.objects.get(user=full)
    Conversation.objects.filter(user=full).delete()
    ExtractedFact.objects.filter(user=full).delete()
    make_fact(dana, "employer", "Lighthouse")
    loaded = load(files, full)
    assert (loaded.closed, loaded.added["facts"], loaded.there["partners"]) == (1, 2, 1)
    current = ExtractedFact.objects.filter(user=full, is_current=True)
    assert [fact.fact_value for fact in current] == ["Lighthouse"]


def test_every_model_is_exported_or_left_out_with_a_reason() -> None:
    exported = {table.model for table in TABLES}
    for model in apps.get_models(include_auto_created=True):
        label = model._meta.label
        if model._meta.proxy:
            continue
        assert (model in exported) != (label in LEFT_OUT_MODELS), (
            f"{label}: put it into TABLES, or into LEFT_OUT_MODELS with the reason"
        )
    known = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert not LEFT_OUT_MODELS.keys() - known


def test_columns_that_are_left_out_exist() -> None:
    for table in TABLES:
        assert table.left_out.keys() <= {f.attname for f in table.model._meta.concrete_fields}


@pytest.mark.parametrize(
    ("name", "column", "value", "problem"),
    [
        ("messages", "sender", "alien", "breaks a rule"),
        ("messages", "content", "a\x00b", "content holds a NUL"),
        ("messages", "content", "\ud800", "content"),
        ("messages", "timestamp", "0001-01-01T00:00:00+00:00", "breaks a rule"),
        ("messages", "timestamp", "yesterday", "timestamp must be a time"),
        ("messages", "position", True, "position must be a whole number"),
        ("messages", "conversation_id", 99, "conversation_id names a row that is not"),
        ("messages", "embedding", "AAAA", "embedding must be a vector"),
        ("facts", "confidence", float("inf"), "confidence must be a finite number"),
        ("facts", "id", 0, "comes after a row"),
        ("conversations", "key_insights", 5, "key_insights must be a list"),
        ("partners", "name", None, "name must not be null"),
        ("partners", "name", "x" * 256, "name must have at most 255"),
        ("partners", "user_id", 1, "does not have the columns"),
    ],
)
def test_row_that_cannot_be_is_named_and_nothing_is_stored(
    full: User, name: str, column: str, value: Any, problem: str
) -> None:
    files = archive_of(full)
    changed = rows(files, name)
    changed[-1][column] = value
    before = Message.objects.count(), ConversationPartner.objects.count()
    eve = User.objects.create(email="eve@example.org", username="eve")
    with pytest.raises(Exception, match=rf"Line \d of data/{name}.jsonl .*{problem}"):
        load(with_rows(files, name, changed), eve)
    assert (Message.objects.count(), ConversationPartner.objects.count()) == before


def test_pictures_of_a_refused_archive_are_removed(full: User, settings: Any) -> None:
    files = archive_of(full)
    picture = next(name for name in files if name.startswith("pictures/"))
    before = sorted(Path(settings.MEDIA_ROOT).rglob("*.jpg"))
    eve = User.objects.create(email="eve@example.org", username="eve")
    with pytest.raises(Exception, match="image"):
        load(declared({**files, picture: b"<svg/>"}), eve)
    assert sorted(Path(settings.MEDIA_ROOT).rglob("*.jpg")) == before
    assert not ConversationPartner.objects.filter(user=eve).exists()


@pytest.mark.bad_input(58)
def test_picture_with_metadata_is_made_anew(full: User, settings: Any) -> None:
    files = archive_of(full)
    picture = next(name for name in files if name.startswith("pictures/"))
    tagged = io.BytesIO()
    Image.new("RGB", (8, 8)).save(tagged, "JPEG", comment=b"secret place")
    eve = User.objects.create(email="eve@example.org", username="eve")
    load(declared({**files, picture: tagged.getvalue()}), eve)
    path = ConversationPartner.objects.get(user=eve).image_path
    assert path
    assert b"secret place" not in (Path(settings.MEDIA_ROOT) / path).read_bytes()


def test_commands_write_and_take_in(full: User, tmp_path: Path, capsys: Any) -> None:
    target = tmp_path / "alice.zip"
    call_command("export_archive", full.email, target)
    assert target.stat().st_mode & 0o077 == 0
    eve = User.objects.create(email="eve@example.org", username="eve")
    call_command("import_archive", target, owner=eve.email)
    assert "messages: 2 added" in capsys.readouterr().out
    assert Message.objects.filter(user=eve).count() == 2


def test_export_never_overwrites_and_leaves_no_half_file(full: User, tmp_path: Path) -> None:
    target = tmp_path / "alice.zip"
    target.write_text("mine")
    with pytest.raises(CommandError, match="is there already"):
        call_command("export_archive", full.email, target)
    assert target.read_text() == "mine"
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_archive", full.email, tmp_path / "nowhere" / "a.zip")
    with pytest.raises(CommandError, match="There is no user"):
        call_command("export_archive", "nobody@example.org", tmp_path / "b.zip")
    assert [path.name for path in tmp_path.glob("*.zip*")] == ["alice.zip"]
    assert not list(tmp_path.glob(".*.part"))


def test_small_account_is_answered_at_once(full: User, client_of: Any) -> None:
    answer = client_of(full).get("/api/export")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert "attachment" in answer["Content-Disposition"]
    with ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        assert "manifest.json" in archive.namelist()


def test_large_account_is_made_by_the_worker(
    full: User, bob: User, client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_AT_ONCE", 1)
    api = client_of(full)
    answer = api.get("/api/export")
    assert answer.status_code == 202
    address = answer.json()["status_url"]
    assert api.get("/api/export").json()["status_url"] == address
    assert api.get(address).json()["status"] == "queued"
    number = answer.json()["export_id"]
    background.make(number=number, owner_id=full.pk)
    fetched = api.get(address)
    assert fetched.status_code == 200
    assert b"".join(fetched.streaming_content).startswith(b"PK")
    assert client_of(bob).get(address).status_code == 404
    assert api.get(f"/api/export/{number + 1000}").status_code == 404


def test_an_archive_that_was_kept_for_its_day_is_gone_and_has_not_failed(
    full: User, client_of: Any
) -> None:
    number = background.order_archive(user=full)
    address = f"/api/export/{number}"
    order = {"id": f"{number:032d}", "name": f"export {number}", "func": background.FUNCTION}
    moment = timezone.now()
    Task.objects.create(
        **order, group=background.group_of(full.pk), started=moment, stopped=moment, success=True
    )
    assert client_of(full).get(address).status_code == 404
    Task.objects.update(success=False)
    assert client_of(full).get(address).json()["code"] == "export_failed"


@pytest.mark.parametrize("links", [True, False])
def test_archive_is_written_where_a_file_system_has_no_hard_links(
    full: User, tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:

        def refused(*_: Any) -> None:
            raise OSError("no hard links here")

        monkeypatch.setattr("os.link", refused)
    target = tmp_path / "alice.zip"
    call_command("export_archive", full.email, target)
    assert [path.name for path in tmp_path.glob("*.zip")] == ["alice.zip"]
    assert target.stat().st_mode & 0o077 == 0


def test_old_archives_are_removed_and_go_with_their_user(
    full: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    import os

    background.make(number=1, owner_id=full.pk)
    background.make(number=2, owner_id=full.pk)
    folder = Path(settings.DATA_DIR) / "exports" / str(full.pk)
    yesterday = (folder / "1.zip").stat().st_mtime - timedelta(days=1).total_seconds()
    os.utime(folder / "1.zip", (yesterday - 5, yesterday - 5))
    background.remove_old(full.pk)
    assert [path.name for path in folder.iterdir()] == ["2.zip"]
    with django_capture_on_commit_callbacks(execute=True):
        full.delete()
    assert not folder.exists()
