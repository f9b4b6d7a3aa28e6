"""manage.py backup: complete or absent, of one moment, private."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from convoai.operations.backup.files import locked
from convoai.operations.backup.making import make_backup
from convoai.operations.backup.manifest import MANIFEST
from convoai.operations.backup.restoring import apply
from convoai.operations.backup.server import Server
from convoai.operations.backup.verifying import verify_backup
from convoai.refusals import Refusal
from convoai.storage.folder import Folder
from tests.operations.backup.backups import all_files, execute, free_name, planned
from tests.operations.backup.conftest import WORDS

FILES = ["database.dump", "erasures.json", "manifest.json", "pictures.tar"]


def test_a_backup_is_a_private_folder_with_dump_pictures_and_manifest(backup: Path) -> None:
    assert all_files(backup) == FILES
    assert backup.stat().st_mode & 0o777 == 0o700
    assert {(backup / name).stat().st_mode & 0o777 for name in FILES} == {0o600}
    contents = json.loads((backup / MANIFEST).read_text())
    assert contents["tables"]["messages"]["rows"] == len(WORDS)
    assert contents["tables"]["conversation_partners"]["rows"] == 2
    assert contents["pictures"] == {"count": 1, "missing": 1}
    assert set(contents["server"]) == {"version", "vector", "encoding", "database"}
    assert set(contents["structure"]) == {"column", "constraint", "index", "trigger", "function"}


def test_the_command_says_what_it_made_and_keeps_the_newest(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any, db: None
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    to = tmp_path / "to"
    (to / "convoai-notes").mkdir(parents=True)
    (to / ".partial-killed").mkdir()
    (to / "convoai-20200101-000000-000000").mkdir()
    for _ in range(2):
        call_command("backup", to=to, keep=1)
    made = Path(capsys.readouterr().out.splitlines()[-1])
    assert all_files(made) == FILES
    # What killed backups left is gone, what is somebody else's is not.
    assert sorted(path.name for path in to.iterdir()) == [".lock", made.name, "convoai-notes"]
    with pytest.raises(CommandError, match="1 or more"):
        call_command("backup", to=to, keep=0)


def test_a_backup_shows_one_moment_whatever_is_written_meanwhile(
    server: Server, backup: Path, tmp_path: Path
) -> None:
    with free_name(server) as name:
        apply(planned(server, backup, tmp_path / "media", name))
        copy = server.named(name)
        written: list[str] = []

        def write(total: int, what: str) -> None:
            # One moment after the dump has begun, one when the digests have.
            if what in {'dump of "public.messages"', "digest of api_keys"}:
                execute(copy, "UPDATE messages SET content = content || '!'", "DELETE FROM users")
                written.append(what)

        made = make_backup(server=copy, media=Folder(tmp_path), to=tmp_path / "to", progress=write)
    assert written
    before = json.loads((backup / MANIFEST).read_text())["tables"]["messages"]
    assert made.manifest["tables"]["messages"] == before
    assert verify_backup(server=server, path=made.folder).problems == []


def test_an_interrupted_backup_leaves_nothing(server: Server, tmp_path: Path) -> None:
    def interrupt(total: int, what: str) -> None:
        if what == "digest of messages":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_backup(server=server, media=Folder(tmp_path), to=tmp_path / "to", progress=interrupt)
    assert all_files(tmp_path / "to") == [".lock"]


def test_two_backups_to_one_folder_do_not_meet(server: Server, tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(Refusal, match="Another backup"):
        make_backup(server=server, media=Folder(tmp_path / "media"), to=tmp_path)


def test_a_folder_that_cannot_be_made_is_one_sentence(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refusal, match="choose another folder with --to"):
        make_backup(server=server, media=Folder(tmp_path / "media"), to=tmp_path / "file")
