"""What was deleted stays deleted, also when an older backup is restored."""

from __future__ import annotations

import io
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from conversations.models import ExtractedFact, Message
from conversations.services.conversations import delete_conversation
from conversations.services.facts import delete_fact
from conversations.services.messages import delete_message
from convoai.accounts.models import User
from convoai.accounts.services import create_api_key, revoke_api_key
from convoai.analysis.services import analyze_conversation
from convoai.database.erasures import unrecorded_deletes
from convoai.operations.backup.making import make_backup
from convoai.operations.backup.manifest import ERASURES, read_manifest
from convoai.operations.backup.restoring import Plan, apply, plan_restore
from convoai.operations.backup.server import Server, value_of
from convoai.operations.erasures.copying import copy_ledger
from convoai.operations.erasures.ledger import (
    Copy,
    Key,
    Ledger,
    Moments,
    counted,
    moment_text,
    read_copy,
    read_database,
    standing,
    write_copy,
)
from convoai.operations.erasures.replaying import count_standing, replay
from convoai.operations.erasures.schedule import MINUTES, NAME, set_schedule
from convoai.refusals import Refusal
from convoai.storage.folder import Folder
from partners.services import delete_partner
from tests.factories import make_conversation, make_fact, make_message, make_partner
from tests.operations.backup.backups import execute, free_name

LISTED = "SELECT table_name, row_id FROM erasures ORDER BY erased_at"


@pytest.fixture(scope="module")
def live(
    server: Server,
    backup: Path,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: Any,
) -> Iterator[Server]:
    """A live database with what the backup has in it."""
    media = tmp_path_factory.mktemp("live") / "media"
    with free_name(server) as name:
        with django_db_blocker.unblock():
            apply(planned(server, backup, media, name))
        yield server.named(name)


def planned(
    server: Server, backup: Path, media: Path, into: str | None, *, with_erased: bool = False
) -> Plan:
    file = media.parent / ERASURES
    return plan_restore(
        server=server,
        path=backup,
        media=Folder(media),
        into=into,
        file=file,
        with_erased=with_erased,
    )


def listed() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(LISTED)
        return list(cursor.fetchall())


def ledger_of(server: Server) -> Ledger:
    with server.connect() as found:
        return read_database(found) or {}


def count(server: Server, table: str) -> int:
    with server.connect() as found:
        return int(value_of(found, f"SELECT count(*) FROM {table}"))


def test_only_what_was_deleted_itself_is_listed(alice: User) -> None:
    partner, other = make_partner(alice), make_partner(alice, "Theo")
    talk = make_conversation(partner, "One.", "Two.", "Three.")
    fact = make_fact(partner, conversation=talk)
    message = Message.objects.filter(conversation=talk).first()
    assert message is not None
    key = create_api_key(user=alice)[0]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM erasures")
    numbers = [message.pk, key.pk, talk.pk, fact.pk, partner.pk, alice.pk]
    delete_message(message=message)
    revoke_api_key(key=key)
    # The fact goes with its talk, and is listed for itself: it may rest on another by then.
    delete_conversation(conversation=talk)
    make_conversation(partner, "Four.")
    delete_partner(partner=partner)
    make_conversation(other, "Five.")
    make_fact(other)
    alice.delete()
    tables = ("messages", "api_keys", "conversations", "extracted_facts", "conversation_partners")
    assert Counter(listed()) == Counter(zip((*tables, "users"), numbers, strict=True))


def test_what_is_corrected_rejected_or_learned_anew_is_not_deleted(alice: User) -> None:
    partner = make_partner(alice)
    talk = make_conversation(partner, "I work at Nordlicht.", "I see.", "I live in Bremen.")
    before = listed()
    analyze_conversation(conversation=talk)
    assert ExtractedFact.objects.filter(conversation=talk).exists()
    analyze_conversation(conversation=talk, force=True)
    ExtractedFact.objects.filter(conversation=talk).update(review="rejected", is_current=False)
    Message.objects.filter(conversation=talk).update(content="Nothing.")
    assert listed() == before
    # What is deleted later in the same transaction is.
    with transaction.atomic():
        with unrecorded_deletes():
            make_message(talk).delete()
        fact = make_fact(partner)
        number = fact.pk
        delete_fact(fact=fact)
    assert listed() == [*before, ("extracted_facts", number)]


def test_a_deletion_that_is_taken_back_is_not_listed(alice: User) -> None:
    before = listed()
    partner = make_partner(alice)
    with transaction.atomic():
        partner.delete()
        transaction.set_rollback(True)
    assert listed() == before


@pytest.mark.bad_input(117)
def test_deletions_are_made_again_in_what_is_restored(
    server: Server,
    live: Server,
    backup: Path,
    tmp_path: Path,
    settings: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    execute(live, "DELETE FROM erasures", "DELETE FROM conversation_partners")
    # A number that was used anew after the deletion is another row.
    again = "INSERT INTO conversation_partners (id, user_id, name) SELECT {}, id, 'New' FROM users"
    ledger = ledger_of(live)
    numbers = [key.row_id for key in ledger]
    assert len(ledger) == 2
    execute(live, again.format(min(numbers)))
    command = "convoai.operations.management.commands.restore.configured_server"
    monkeypatch.setattr(command, lambda: live)
    with free_name(server) as name:
        call_command("restore", backup, into=name, dry_run=True)
        said = capsys.readouterr().out
        assert "2 deletions made after this backup are applied to what it holds: 2 people" in said
        assert "known from the live database, until " in said
        call_command("restore", backup, into=name, yes=True)
        assert "Deleted again: 2 people." in capsys.readouterr().out
        copy = server.named(name)
        assert (count(copy, "users"), count(copy, "messages")) == (1, 0)
        assert not (tmp_path / f"media-{name}").exists()
        # The copy knows it too, with the moments of the real deletions.
        assert ledger_of(copy) == ledger
        execute(copy, again.format(max(numbers)))
        with copy.connect() as found:
            assert not count_standing(found, ledger)
            assert not replay(found, ledger).counts
    with free_name(server) as name:
        call_command("restore", backup, into=name, yes=True, with_erased=True)
        assert "2 deletions made after this backup stay undone" in capsys.readouterr().out
        copy = server.named(name)
        assert count(copy, "messages") == 3
        assert (tmp_path / f"media-{name}" / "faces" / "dana.jpg").is_file()
        # They are there on purpose now, until they are deleted anew.
        assert not standing(ledger_of(copy))
        with copy.connect() as found:
            assert not replay(found, ledger_of(copy)).counts
        execute(copy, "DELETE FROM conversation_partners")
        assert standing(ledger_of(copy)).keys() == ledger.keys()


def test_the_ledger_outlives_the_database(server: Server, backup: Path, tmp_path: Path) -> None:
    media, file = tmp_path / "media", tmp_path / ERASURES
    with free_name(server) as name:
        apply(planned(server, backup, media, name))
        lost = server.named(name)
        execute(lost, "DELETE FROM messages WHERE position = 1")
        copy_ledger(server=lost, file=file, days=400)
        made = make_backup(server=lost, media=Folder(media), to=backup.parent)
    try:
        with free_name(server) as name:
            execute(server, f"CREATE DATABASE {name}")
            empty = server.named(name)
            plan = planned(empty, backup, media, None)
            assert counted(plan.known.later) == {"messages": 1}
            assert plan.known.source == f"the backup {made.folder.name}"
            file.unlink()
            assert planned(empty, backup, media, None).known.later == plan.known.later
            copy_of_it = read_copy(made.folder / ERASURES)
            assert copy_of_it is not None
            (made.folder / ERASURES).write_text("{}")
            assert not planned(empty, backup, media, None).known.later
            later = Copy(datetime.now(UTC) + timedelta(minutes=1), copy_of_it.ledger)
            write_copy(file, later)
            plan = planned(empty, backup, media, None)
            assert plan.known.source == str(file)
            restored = apply(plan)
            assert (restored.wrong, restored.replayed.counts) == ([], {"messages": 1})
            assert count(empty, "messages") == 2
    finally:
        for path in made.folder.iterdir():
            path.unlink()
        made.folder.rmdir()


def test_what_is_not_known_is_said(server: Server, backup: Path, tmp_path: Path) -> None:
    known = planned(server.named("postgres"), backup, tmp_path / "media", "unused").known
    lines = known.lines(read_manifest(backup), with_erased=False, days=1)
    assert "what was deleted after this backup is not known" in " ".join(lines)


def test_the_copy_forgets_in_time_and_loses_nothing_to_a_younger_database(
    server: Server, live: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / ERASURES
    now = datetime.now(UTC)
    with live.connect() as found:
        made = str(value_of(found, "SET TimeZone='UTC'; SELECT created_at::text FROM users"))
        number = int(value_of(found, "SELECT id FROM users"))
    old, young = moment_text(now - timedelta(days=401)), moment_text(now - timedelta(days=399))
    kept: Ledger = {Key("users", number, made): Moments(young, "")}
    write_copy(file, Copy(now, {**kept, Key("users", 1, old): Moments(old, "")}))
    assert file.stat().st_mode & 0o777 == 0o600
    execute(
        live,
        "DELETE FROM erasures",
        f"INSERT INTO erasures VALUES ('topics', 1, '{old}', '{old}')",
    )
    with caplog.at_level(logging.WARNING, "convoai.operations"):
        assert copy_ledger(server=live, file=file, days=400).ledger == kept
    assert ledger_of(live) == {}
    # The account is there although it was deleted: somebody set the database back.
    assert "1 account" in caplog.text
    assert "replay_erasures" in caplog.text
    file.write_text("[]")
    with pytest.raises(Refusal, match="is damaged"):
        copy_ledger(server=live, file=file, days=400)


def test_what_came_back_by_other_means_is_deleted_by_command(
    live: Server,
    data_dir: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = "convoai.operations.management.commands.replay_erasures.configured_server"
    monkeypatch.setattr(command, lambda: live)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(CommandError, match="There is no"):
        call_command("replay_erasures", yes=True)
    execute(live, "INSERT INTO topics (name, name_key) VALUES ('Tea', 'tea')")
    with live.connect() as found:
        there = "SET TimeZone = 'UTC'; SELECT created_at::text FROM topics"
        made = str(value_of(found, there))
        number = int(value_of(found, "SELECT id FROM topics"))
    later = moment_text(datetime.now(UTC))
    ledger: Ledger = {Key("topics", number, made): Moments(later, "")}
    write_copy(data_dir / ERASURES, Copy(datetime.now(UTC), ledger))
    call_command("replay_erasures", dry_run=True)
    assert "there again: 1 topic" in capsys.readouterr().out
    with pytest.raises(CommandError, match="add --yes"):
        call_command("replay_erasures")
    assert count(live, "topics") == 1
    call_command("replay_erasures", yes=True)
    assert count(live, "topics") == 0
    call_command("replay_erasures", yes=True)
    assert "there again: none" in capsys.readouterr().out


def test_the_worker_copies_every_few_minutes(db: None) -> None:
    from django_q.models import Schedule

    for _ in range(2):
        set_schedule()
    assert Schedule.objects.get(name=NAME).minutes == MINUTES
