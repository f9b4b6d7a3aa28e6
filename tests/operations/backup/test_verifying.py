"""manage.py verify_backup: green for a good one, red for anything else."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from psycopg2.errors import UniqueViolation

from convoai.operations.backup.comparing import compare_tables
from convoai.operations.backup.making import make_backup
from convoai.operations.backup.manifest import DUMP, MANIFEST, PICTURES, read_manifest
from convoai.operations.backup.programs import find_programs
from convoai.operations.backup.restoring import apply
from convoai.operations.backup.server import Server, major_of, value_of
from convoai.operations.backup.structure import differences, faults, read_structure
from convoai.operations.backup.verifying import verify_backup
from convoai.refusals import Refusal
from convoai.storage.folder import Folder
from tests.operations.backup.backups import copy_of, execute, free_name, planned, vouch_for


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])


def flip(file: Path) -> None:
    contents = bytearray(file.read_bytes())
    # Near the end, where rows are; before them lie words that nothing depends on, such as owners.
    contents[-len(contents) // 50] ^= 4
    file.write_bytes(contents)


@pytest.mark.bad_input(117)
def test_a_good_backup_is_green_and_says_so_beside_it(
    server: Server,
    backup: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    db: None,
) -> None:
    # Other tests verify at the same time.
    prefix = f"convoai_test_{secrets.token_hex(6)}_"
    monkeypatch.setattr("convoai.operations.backup.verifying.SCRATCH", prefix)
    copy = copy_of(backup, tmp_path)
    call_command("verify_backup", copy / DUMP)
    said = capsys.readouterr().out
    assert "all is as it was backed up" in said
    assert "tried out: the API reads what is there, the admin lists it, a person" in said
    noted = json.loads((copy / "verified.json").read_text())
    assert noted["passed"]
    assert noted["verified_at"] == noted["tried_at"]
    with server.connect() as found:
        left = "SELECT count(*) FROM pg_database WHERE starts_with(datname, %s)"
        assert value_of(found, left, prefix) == 0


@pytest.mark.bad_input(118)
@pytest.mark.parametrize("name", [DUMP, PICTURES, MANIFEST])
@pytest.mark.parametrize("damage", [truncate, flip])
def test_a_truncated_or_flipped_file_is_red(
    backup: Path,
    tmp_path: Path,
    name: str,
    damage: Callable[[Path], None],
    capsys: pytest.CaptureFixture[str],
    db: None,
) -> None:
    copy = copy_of(backup, tmp_path)
    damage(copy / name)
    with pytest.raises(CommandError, match="is no good backup"):
        call_command("verify_backup", copy, json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["level"] == "error"
    assert name in told["findings"][0]["message"]
    assert json.loads((copy / "verified.json").read_text())["verified_at"] is None


@pytest.mark.bad_input(118)
@pytest.mark.parametrize("damage", [truncate, flip])
def test_damage_that_no_checksum_shows_is_red(
    server: Server, backup: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    copy = copy_of(backup, tmp_path)
    damage(copy / DUMP)
    vouch_for(copy)
    assert verify_backup(server=server, path=copy).problems


@pytest.mark.bad_input(118)
def test_a_dump_by_a_role_that_does_not_see_all_rows_is_red(
    server: Server, backup: Path, tmp_path: Path
) -> None:
    copy = copy_of(backup, tmp_path)
    with free_name(server) as name:
        apply(planned(server, backup, tmp_path / "media", name))
        blinded = server.named(name)
        execute(
            blinded,
            "ALTER TABLE messages ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        )
        with pytest.raises(Refusal, match="row-level security"):
            make_backup(server=blinded, media=Folder(tmp_path / "media"), to=tmp_path / "to")
        with server.connect() as found:
            programs = find_programs(server, server_major=major_of(found))
        subprocess.run(
            [
                programs.folder / "pg_dump",
                "--format=custom",
                "--enable-row-security",
                f"--file={copy / DUMP}",
                f"--dbname={blinded.address()}",
            ],
            check=True,
        )
    vouch_for(copy)
    # Without a look at the rows it would pass: it restores, and all tables are there.
    assert verify_backup(server=server, path=copy).problems


def test_what_is_missing_or_does_not_work_is_named(
    server: Server, backup: Path, tmp_path: Path
) -> None:
    wanted = read_manifest(backup)
    with free_name(server) as name:
        apply(planned(server, backup, tmp_path / "media", name))
        copy = server.named(name)
        execute(
            copy,
            "ALTER TABLE messages DISABLE TRIGGER message_search",
            "ALTER TABLE topics ADD CONSTRAINT late CHECK (name <> '') NOT VALID",
            "ALTER TABLE conversations ALTER language SET DEFAULT 'german'",
            "DROP TRIGGER heal_facts ON extracted_facts",
            "UPDATE extracted_facts SET fact_value = 'other'",
            "SELECT setval('messages_id_seq', 1)",
            "UPDATE messages SET id = id + 10",
        )
        with copy.connect() as found:
            rows = list(compare_tables(found, wanted))
            there = read_structure(found)
            broken = list(faults(found))
    named = list(differences(wanted["structure"], there, by_definition=True))
    assert "The trigger extracted_facts.heal_facts is missing" in named
    assert "The column conversations.language is not as it was" in named
    assert "The constraint topics.late was not there when the backup was made" in named
    assert {one.split(" the table ")[-1].split()[0] for one in rows} >= {"extracted_facts"}
    assert "The constraint topics.late is not validated" in broken
    assert "The trigger messages.message_search is switched off" in broken
    assert "The sequence of messages.id is behind its column" in broken


def test_partitions_and_odd_names_come_through(server: Server, tmp_path: Path) -> None:
    with free_name(server) as name:
        execute(server, f"CREATE DATABASE {name}")
        odd = server.named(name)
        execute(
            odd,
            'CREATE SCHEMA "Odd Ones"',
            """CREATE TABLE "Odd Ones"."A "" table" (id serial PRIMARY KEY, "a % column" text)""",
            """INSERT INTO "Odd Ones"."A "" table" VALUES (DEFAULT, 'x'), (DEFAULT, NULL)""",
            "CREATE TABLE talks (id bigint, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
            "CREATE TABLE late PARTITION OF talks FOR VALUES FROM ('2027-1-1') TO ('2035-1-1')",
            "CREATE TABLE talks_rest PARTITION OF talks DEFAULT",
            "INSERT INTO talks VALUES (1, '2026-05-05'), (2, '2031-01-01')",
            "CREATE TABLE twice AS SELECT 1 AS n FROM generate_series(1, 2)",
        )
        # A unique index that could not be built stays behind, and is nothing to back up.
        with pytest.raises(UniqueViolation):
            execute(odd, "CREATE UNIQUE INDEX CONCURRENTLY ON twice (n)")
        made = make_backup(server=odd, media=Folder(tmp_path / "media"), to=tmp_path / "to")
    tables = {name: one["rows"] for name, one in made.manifest["tables"].items()}
    assert tables == {'Odd Ones.A " table': 2, "talks": 2, "twice": 2}
    assert verify_backup(server=server, path=made.folder).problems == []


def test_what_is_no_backup_is_one_sentence(tmp_path: Path, db: None) -> None:
    with pytest.raises(CommandError, match="is no backup"):
        call_command("verify_backup", tmp_path)
    with pytest.raises(CommandError, match="There is no"):
        call_command("verify_backup", tmp_path / "nothing")


def test_a_backup_of_another_form_is_not_called_damaged(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: Any
) -> None:
    copy = copy_of(backup, tmp_path)
    monkeypatch.setattr("convoai.operations.backup.manifest.FORMAT", 2)
    with pytest.raises(CommandError, match="another version of convoai"):
        call_command("verify_backup", copy)
