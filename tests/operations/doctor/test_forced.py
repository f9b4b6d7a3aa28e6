"""What a healthy server never shows, forced: age, slots, replicas, broken indexes, settings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import IntegrityError

from conversations.models import Topic
from convoai.database.binaries import installed_binaries
from convoai.operations.doctor import activity
from convoai.operations.doctor.activity import examine_age
from convoai.operations.doctor.indexes import examine_indexes
from convoai.operations.findings import Level
from tests.database.scratch import Remote, manage, poll
from tests.operations.doctor.examining import examined, findings, sql, told_statements


@pytest.mark.django_db
@pytest.mark.parametrize(("last", "level"), [(10**9, Level.WARNING), (0, Level.ERROR)])
def test_transactions_close_to_wrapping_are_told_with_the_vacuum(
    last: int, level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "OLD_AGE", 0)
    monkeypatch.setattr(activity, "LAST_AGE", last)
    finding = findings(examine_age)["age.wraparound"]
    assert finding.level == level
    assert told_statements(finding.hint) == ["VACUUM (FREEZE)"]
    assert finding.evidence["transactions"] > 0


def test_a_slot_that_nobody_uses_is_told_and_dropped_by_the_command(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "replication.slots" not in examined(remote.url())
    monkeypatch.setattr(activity, "LAG_BYTES", -1)
    remote.execute("SELECT pg_create_physical_replication_slot('left_behind', true)")
    try:
        finding = examined(remote.url())["replication.slots"]
        assert finding.level == Level.WARNING
        assert "left_behind" in finding.message
    finally:
        remote.execute(*told_statements(finding.hint))
    assert "replication.slots" not in examined(remote.url())


@contextmanager
def replica(remote: Remote, folder: Path) -> Iterator[None]:
    """Somebody who receives the server's write-ahead log, and never replays it."""
    connection = psycopg2.connect(
        host=str(remote.socket_dir), port=remote.port, user="postgres", dbname="postgres"
    )
    with connection.cursor() as cursor:
        cursor.execute("SHOW hba_file")
        rules = Path(cursor.fetchone()[0])
    connection.close()
    before = rules.read_text()
    rules.write_text(f"{before}local replication all trust\n")
    remote.execute("SELECT pg_reload_conf()", "GRANT pg_monitor TO alice")
    place = [f"--host={remote.socket_dir}", f"--port={remote.port}", "--username=postgres"]
    process = subprocess.Popen(
        [installed_binaries() / "pg_receivewal", *place, f"--directory={folder}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)
        rules.write_text(before)
        remote.execute("SELECT pg_reload_conf()", "REVOKE pg_monitor FROM alice")


def test_a_replica_that_is_behind_is_told(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with replica(remote, tmp_path):
        poll(lambda: examined(remote.url())["replication.lag"].level == Level.OK)
        assert "1 replicas follow" in examined(remote.url())["replication.lag"].message
        monkeypatch.setattr(activity, "LAG_BYTES", -1)
        finding = examined(remote.url())["replication.lag"]
        assert finding.level == Level.WARNING
        assert "pg_receivewal" in finding.message


@pytest.mark.django_db(transaction=True)
def test_an_index_whose_making_failed_is_told_and_mended_by_the_command() -> None:
    Topic.objects.create(name="Bread", category="food")
    double = Topic.objects.create(name="Cake", category="food")
    try:
        with pytest.raises(IntegrityError):
            sql("CREATE UNIQUE INDEX CONCURRENTLY broken ON topics (category)")
        finding = findings(examine_indexes)["indexes.invalid"]
        assert finding.level == Level.ERROR
        assert finding.evidence == {"indexes": ["broken"]}
        double.delete()
        sql(*told_statements(finding.hint))
        assert "indexes.invalid" not in findings(examine_indexes)
    finally:
        sql("DROP INDEX IF EXISTS broken")


@pytest.mark.parametrize(
    ("variables", "id"),
    [
        ({"DATABASE_URL": "mysql://alice:wonder@db/talks"}, "database.url"),
        ({"DATABASE_URL": "postgresql://alice:wonder@db:port/talks"}, "database.url"),
        ({"DB_POOL_PROFILE": "huge"}, "settings.unreadable"),
    ],
)
def test_settings_that_cannot_be_read_are_a_finding_too(variables: Any, id: str) -> None:
    result = manage("doctor", "--json", **{"DATABASE_URL": "", **variables})
    assert result.returncode == 2, result.stderr
    (finding,) = json.loads(result.stdout)["findings"]
    assert (finding["id"], finding["level"]) == (id, "error")
    assert finding["hint"]
    assert "wonder" not in result.stdout + result.stderr


def test_other_commands_still_say_it_in_a_sentence() -> None:
    result = manage("migrate", DATABASE_URL="mysql://alice:wonder@db/talks")
    assert (result.returncode, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1
