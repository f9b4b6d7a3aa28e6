"""Settings of the server, folders, services and who can reach the installation."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.checks import CheckMessage, Error
from django.db import connection
from django.utils import timezone
from django_q import core_signing as signing
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from convoai.accounts.models import User
from convoai.database.queue import HEARTBEAT, Broker
from convoai.embedding.embedder import EmbeddingFailed
from convoai.embedding.offline import OfflineEmbedder
from convoai.operations.doctor.activity import examine_locks, examine_rows, examine_transactions
from convoai.operations.doctor.exposure import examine_checks, examine_exposure
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.places import examine_backups, examine_disk, examine_media
from convoai.operations.doctor.report import as_json, lines
from convoai.operations.doctor.server import Server, connected
from convoai.operations.doctor.server_settings import examine_settings
from convoai.operations.doctor.services import (
    examine_analyzer,
    examine_embedder,
    examine_vectors,
    examine_worker,
)
from convoai.operations.findings import Finding, Level, error, exit_code, info, ok, warning
from tests.database.scratch import poll
from tests.factories import make_conversation, make_partner
from tests.operations.doctor.examining import findings, sql, told_statements

REMOTE = Installation({"HOST": "db.example.org", "NAME": "talks", "USER": "alice"})


def only(found: Iterator[Finding]) -> Finding:
    (one,) = found
    return one


def levels(found: Iterator[Finding]) -> dict[str, str]:
    return {one.id: one.level.word for one in found}


@pytest.mark.django_db
def test_settings_that_risk_data_or_tell_words_are_named() -> None:
    class Careless(Server):
        def setting(self, name: str) -> str | None:
            bad = {"fsync": "off", "data_checksums": "off", "log_statement": "all"}
            return bad.get(name, super().setting(name))

    connection.ensure_connection()
    here = Installation(connection.settings_dict)
    found = {one.id: one for one in examine_settings(Careless(connection.connection), here)}
    assert found["settings.fsync"].level == Level.ERROR
    assert found["settings.data_checksums"].level == Level.WARNING
    assert "log_statement is all" in found["settings.log_words"].message
    assert told_statements(found["settings.fsync"].hint)[0] == "ALTER SYSTEM SET fsync = on"


@pytest.mark.django_db
def test_a_wait_for_a_lock_is_told_with_who_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convoai.operations.doctor.activity.LOCK_SECONDS", 0)
    monkeypatch.setattr("convoai.operations.doctor.activity.LONG_SECONDS", 0)
    here = Installation(connection.settings_dict)
    holder, waiter = (psycopg2.connect(**connection.get_connection_params()) for _ in range(2))
    holder.cursor().execute("LOCK TABLE topics")
    thread = threading.Thread(target=waiter.cursor().execute, args=["LOCK TABLE topics"])
    thread.start()
    try:
        with connected(here.database) as server:
            poll(lambda: levels(examine_locks(server, here)) == {"locks.waiting": "warning"})
            waiting = only(examine_locks(server, here))
            long = {one.id: one for one in examine_transactions(server, here)}
    finally:
        holder.close()
        thread.join()
        waiter.close()
    pid = waiting.evidence["blockers"][0]
    assert f"pg_terminate_backend({pid})" in waiting.hint
    assert f"process {pid}" in long["transactions.long"].message


def test_dead_rows_and_missing_statistics_are_told_with_the_command() -> None:
    class Busy(Server):
        def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
            return [("messages", 20_000, 60_000, True)]

    found = {one.id: one for one in examine_rows(Busy(None), REMOTE)}
    assert told_statements(found["rows.dead"].hint) == ['VACUUM ANALYZE "messages"']
    assert found["rows.statistics"].evidence["tables"] == ["messages"]


def backup(folder: Path, *, days: int, **proof: Any) -> None:
    """A backup of some days ago, as `manage.py backup` leaves it."""
    folder.mkdir(parents=True)
    made = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")
    (folder / "manifest.json").write_text(json.dumps({"made_at": made}))
    if proof:
        (folder / "verified.json").write_text(json.dumps(proof))


def test_backups_are_told_by_their_verification(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    backups = tmp_path / "backups"
    assert "none yet" in only(examine_backups(REMOTE)).message
    backup(backups / "a", days=20)
    assert f"verify_backup {backups / 'a'}" in only(examine_backups(REMOTE)).hint
    backup(backups / "b", days=10, verified_at="2026-01-01T00:00:00+00:00", passed=True)
    assert "10 days old" in only(examine_backups(REMOTE)).message
    backup(backups / "c", days=1, verified_at="2026-01-01T00:00:00+00:00", passed=True)
    assert only(examine_backups(REMOTE)).level == Level.OK
    backup(backups / "d", days=0, verified_at=None, passed=False)
    assert only(examine_backups(REMOTE)).level == Level.ERROR
    (backups / "d" / "manifest.json").write_text("half a fi")
    assert only(examine_backups(REMOTE)).level == Level.OK


def test_a_full_disk_is_an_error(tmp_path: Path, settings: Any, monkeypatch: Any) -> None:
    settings.DATA_DIR, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"
    assert only(examine_disk(REMOTE)).level == Level.OK
    assert only(examine_media(REMOTE)).level == Level.INFO
    monkeypatch.setattr("convoai.operations.doctor.places.LITTLE_BYTES", 10**18)
    assert only(examine_disk(REMOTE)).level == Level.ERROR


def test_services_are_told_as_they_are_set(settings: Any) -> None:
    settings.EMBEDDER, settings.ANALYZER = "none", "offline"
    assert levels(examine_embedder([])) == {"embedder.choice": "info"}
    assert levels(examine_analyzer([])) == {"analyzer.choice": "ok"}
    refused: list[CheckMessage] = [Error("ANALYZER is wrong.", id="analysis.E001")]
    assert levels(examine_analyzer(refused)) == {"analyzer.choice": "error"}


def test_an_embedder_that_cannot_be_loaded_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(OfflineEmbedder):
        def embed(self, texts: Sequence[str]) -> list[list[float]]:
            raise EmbeddingFailed("wordllama's files are incomplete")

    monkeypatch.setattr("convoai.operations.doctor.services.embedder", Broken)
    assert "files are incomplete" in only(examine_embedder([])).message


@pytest.mark.django_db
@pytest.mark.parametrize("most", [0, 20_000], ids=["by the statistics", "by counting"])
def test_messages_without_vectors_are_told(
    alice: User, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convoai.operations.doctor.services.FEW_MESSAGES", most)
    make_conversation(make_partner(alice), "Hello.", "Good day.", "How are you?")
    sql("ANALYZE messages")
    found = findings(examine_vectors)["embedder.vectors"]
    assert (found.level, found.evidence["share"]) == (Level.WARNING, 0)
    assert "manage.py embed" in found.hint
    sql(f"UPDATE messages SET embedding_model = '{found.evidence['model']}'", "ANALYZE messages")
    assert findings(examine_vectors)["embedder.vectors"].evidence["share"] == 1


@pytest.mark.django_db
def test_no_worker_is_a_remark() -> None:
    assert findings(examine_worker)["worker.runs"].level == Level.INFO


@pytest.mark.django_db
def test_a_worker_with_another_secret_key_is_told_and_loses_no_job() -> None:
    ours = SignedPackage.dumps({"machine": "one"})
    other = signing.dumps({"machine": "two"}, key="another key of another machine", salt="convoai")
    beat = OrmQ.objects.create(key=HEARTBEAT, payload=ours, lock=timezone.now())
    assert findings(examine_worker)["worker.runs"].level == Level.OK
    beat.payload = other
    beat.save()
    assert findings(examine_worker)["worker.key"].level == Level.ERROR
    job = OrmQ.objects.create(key="convoai", payload=ours, lock=timezone.now())
    # What a worker does with a job that it cannot read.
    Broker().fail(str(job.pk))
    assert OrmQ.objects.filter(pk=job.pk).exists()
    data, _, signature = ours.rsplit(":", 2)
    OrmQ.objects.filter(pk=job.pk).update(payload=f"{data}:1nL3yD:{signature}")  # of 2022
    Broker().fail(str(job.pk))
    assert not OrmQ.objects.filter(pk=job.pk).exists()


def test_a_server_for_others_is_looked_at_more_closely(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = settings.BASE_DIR = tmp_path
    settings.ALLOWED_HOSTS, settings.HTTPS = ["talk.example.org"], False
    settings.CORS_ALLOWED_ORIGINS = ["http://app.example.org"]
    settings.SINGLE_USER = "dana@example.org"
    (tmp_path / ".env").write_text("SECRET_KEY=x")
    (tmp_path / ".env").chmod(0o644)
    found = levels(examine_exposure())
    wanted = {"cors": "warning", "secrets": "warning", "https": "warning", "single_user": "info"}
    assert {name: found[f"exposure.{name}"] for name in wanted} == wanted
    settings.CORS_ALLOWED_ORIGINS = ["http://localhost:3000"]
    assert levels(examine_exposure())["exposure.cors"] == "warning"
    checks: list[CheckMessage] = [Error("Something is wrong.", id="accounts.E005")]
    assert levels(examine_checks(checks)) == {"check.accounts.E005": "error"}


def test_findings_are_printed_with_their_hints_and_set_the_exit_code() -> None:
    fine, remark = ok("a.b", "Fine.", size=1), info("a.c", "So.")
    mild, bad = warning("a.d", "Hm.", "Do this."), error("a.e", "No.", "Do that.")
    assert [exit_code(one) for one in ([], [fine, remark], [fine, mild], [mild, bad])] == [
        0,
        0,
        1,
        2,
    ]
    printed = list(lines([fine, mild, bad], everything=False))
    assert len(printed) == 5
    assert printed[-1] == "1 errors, 1 warnings, 0 remarks, 1 as they should be."
    told = json.loads(as_json([fine, mild]))
    assert told["level"] == "warning"
    assert told["findings"][0] == {
        "id": "a.b",
        "level": "ok",
        "message": "Fine.",
        "hint": "",
        "evidence": {"size": 1},
    }
