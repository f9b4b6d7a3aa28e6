"""manage.py restore: into an empty database or a new one, all or nothing."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from convoai.operations.backup import restoring
from convoai.operations.backup.manifest import DUMP, PICTURES
from convoai.operations.backup.pictures import unpack
from convoai.operations.backup.restoring import apply
from convoai.operations.backup.server import Server, value_of
from convoai.refusals import Refusal
from convoai.storage.storage import StorageProblem
from tests.operations.backup.backups import (
    all_files,
    copy_of,
    execute,
    free_name,
    planned,
    vouch_for,
)
from tests.operations.backup.conftest import WORDS

EXISTS = "SELECT count(*) FROM pg_database WHERE datname = %s"


@pytest.mark.bad_input(117)
def test_a_backup_is_restored_beside_the_live_database(
    server: Server,
    backup: Path,
    tmp_path: Path,
    settings: Any,
    capsys: pytest.CaptureFixture[str],
    db: None,
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    with free_name(server) as name:
        call_command("restore", backup, into=name, yes=True)
        assert "every table is as it was backed up" in capsys.readouterr().out
        with server.named(name).connect() as found, found.cursor() as cursor:
            cursor.execute("SELECT content FROM messages ORDER BY position")
            assert tuple(row[0] for row in cursor) == WORDS
            # The product's own work goes on in it: a trigger, and a number that is free.
            cursor.execute(
                "INSERT INTO messages (user_id, conversation_id, position, sender, speaker, "
                "content, timestamp, created_at) SELECT user_id, id, 9, 'user', '', 'Later.', "
                "now(), now() FROM conversations RETURNING search"
            )
            assert "later" in str(cursor.fetchone())
        assert all_files(tmp_path) == [
            f"media-{name}",
            f"media-{name}/faces",
            f"media-{name}/faces/dana.jpg",
        ]
        with pytest.raises(CommandError, match="already"):
            call_command("restore", backup, into=name, yes=True)


def test_nothing_happens_without_a_yes(
    server: Server,
    backup: Path,
    tmp_path: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    db: None,
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with free_name(server) as name:
        call_command("restore", backup, into=name, dry_run=True)
        assert f"a new database {name}" in capsys.readouterr().out
        with pytest.raises(CommandError, match="add --yes"):
            call_command("restore", backup, into=name)
        with server.connect() as found:
            assert value_of(found, EXISTS, name) == 0


def test_a_database_with_tables_is_not_restored_into(backup: Path, db: None) -> None:
    with pytest.raises(CommandError, match="is not empty"):
        call_command("restore", backup, yes=True)


def test_a_restore_that_fails_leaves_no_database_and_no_picture(
    server: Server, backup: Path, tmp_path: Path
) -> None:
    copy = copy_of(backup, tmp_path)
    contents = bytearray((copy / DUMP).read_bytes())
    (copy / DUMP).write_bytes(contents[: len(contents) * 2 // 3])
    with pytest.raises(Refusal, match="is damaged"), free_name(server) as name:
        planned(server, copy, tmp_path / "media", name)
    vouch_for(copy)
    with free_name(server) as name:
        with pytest.raises(Refusal):
            apply(planned(server, copy, tmp_path / "media", name))
        with server.connect() as found:
            assert value_of(found, EXISTS, name) == 0
    assert [path.name for path in tmp_path.iterdir()] == [copy.name]


def test_an_empty_database_is_filled_and_pictures_that_are_there_stay(
    server: Server, backup: Path, tmp_path: Path
) -> None:
    media = tmp_path / "media"
    (media / "faces").mkdir(parents=True)
    face = media / "faces" / "dana.jpg"
    face.write_bytes(b"another face")
    with free_name(server) as name:
        execute(server, f"CREATE DATABASE {name}")
        plan = planned(server.named(name), backup, media, None)
        with pytest.raises(Refusal, match="1 pictures are in"):
            apply(plan)
        with server.named(name).connect() as found:
            assert value_of(found, "SELECT to_regclass('messages')") is None
        face.write_bytes(b"a face")
        assert apply(plan).wrong == []
        with server.named(name).connect() as found:
            assert value_of(found, "SELECT count(*) FROM messages") == len(WORDS)
    assert all_files(media) == ["faces", "faces/dana.jpg"]


@pytest.mark.parametrize("name", ["../out.jpg", "/out.jpg", "faces/../../out.jpg"])
def test_pictures_never_leave_their_folder(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / PICTURES, "w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(Refusal, match="damaged"):
        unpack(tmp_path / PICTURES, tmp_path / "inside")


def test_a_link_among_the_pictures_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("faces")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    with tarfile.open(tmp_path / PICTURES, "w") as tar:
        tar.addfile(link)
    with pytest.raises(Refusal, match="damaged"):
        unpack(tmp_path / PICTURES, tmp_path / "inside")


@pytest.mark.parametrize("is_new", [True, False])
def test_pictures_that_cannot_be_written_leave_nothing_that_looks_restored(
    server: Server,
    backup: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_new: bool,
    db: None,
) -> None:
    def refuse(*_: Any) -> None:
        raise StorageProblem("the bucket does not answer.")

    monkeypatch.setattr(restoring, "move", refuse)
    with free_name(server) as name:
        if not is_new:
            execute(server, f'CREATE DATABASE "{name}"')
        target = server if is_new else server.named(name)
        plan = planned(target, backup, tmp_path / "media", name if is_new else None)
        said = "the bucket does not answer" if is_new else "is filled, but not complete"
        with pytest.raises(Refusal, match=said):
            apply(plan)
        with server.connect() as found:
            assert value_of(found, EXISTS, name) == (0 if is_new else 1)
