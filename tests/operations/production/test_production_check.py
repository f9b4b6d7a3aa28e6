"""manage.py production_check: what a server for others lacks, each with the fix."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as live
from django.core.exceptions import ImproperlyConfigured

from convoai.operations import production
from convoai.operations.doctor.examination import examine
from convoai.operations.doctor.installation import Installation
from convoai.operations.findings import Finding, Level, info, worst
from tests.database.scratch import manage
from tests.guards.source import ROOT

NAMES = ["talk.example.org"]
UNITS = sorted((ROOT / "docs/systemd").glob("*.service"))


def level(found: Any) -> str:
    (one,) = found
    assert one.level < Level.WARNING or one.hint
    return f"{one.id} {one.level.word}"


@pytest.fixture
def ready(settings: Any, tmp_path: Path) -> Any:
    """Settings of a server that others reach, as docs/deployment.md has them."""
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = NAMES
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    settings.SECRET_KEY = "only for a test, but long enough and with different ones, 0123456789"
    settings.SINGLE_USER = ""
    settings.NUM_PROXIES = 1
    settings.HTTPS = settings.SECURE_SSL_REDIRECT = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    backup = tmp_path / "backups/one"
    backup.mkdir(parents=True)
    made = {"made_at": "2999-01-01T00:00:00+00:00"}
    (backup / "manifest.json").write_text(json.dumps(made))
    (backup / "verified.json").write_text(json.dumps({"verified_at": "now", "passed": True}))
    return settings


def problems(found: list[Finding]) -> set[str]:
    return {one.id for one in found if one.level >= Level.WARNING}


@pytest.mark.django_db
@pytest.mark.usefixtures("ready")
def test_sound_installation_lacks_nothing_but_what_tests_lack() -> None:
    # The test database has no worker, no vectors, and may be anybody's, with any settings.
    lacking = problems(production.examine_for_production())
    of_the_place = ("worker.", "embedder.", "settings.", "rights", "disk.", "rows.", "indexes")
    left = {one for one in lacking if not one.startswith(of_the_place)}
    assert left <= {
        "production.user",
        "check.database.E002",
        "exposure.secrets",
        "migrations.newer",
    }
    assert "worker.runs" in lacking


@pytest.mark.django_db
@pytest.mark.bad_input(78)
def test_what_must_not_be_on_is_named_with_its_fix(ready: Any) -> None:
    ready.DEBUG = True
    ready.SINGLE_USER = "test@example.com"
    ready.HTTPS = ready.SECURE_SSL_REDIRECT = False
    ready.SESSION_COOKIE_SECURE = ready.CSRF_COOKIE_SECURE = False
    ready.SECURE_HSTS_SECONDS = 0
    found = {one.id: one for one in production.examine_for_production()}
    for name, fix in {
        "check.security.W018": "DEBUG=false",
        "check.security.W008": "HTTPS=true",
        "check.security.W012": "HTTPS=true",
        "check.security.W016": "HTTPS=true",
        "check.security.W004": "HSTS_SECONDS",
        "check.accounts.E003": "DEBUG=false",
        "exposure.single_user": "SINGLE_USER=",
        "exposure.https": "HTTPS=true",
    }.items():
        assert found[name].level >= Level.WARNING
        assert fix in found[name].hint
    assert all(one.hint for one in found.values() if one.level >= Level.WARNING)


@pytest.mark.django_db
@pytest.mark.bad_input(78)
@pytest.mark.parametrize(
    ("name", "value", "finding"),
    [
        ("SECRET_KEY", "short", "check.accounts.E004"),
        ("ALLOWED_HOSTS", ["*"], "check.accounts.E005"),
        ("ALLOWED_HOSTS", ["localhost"], "production.hosts"),
        ("NUM_PROXIES", 0, "production.proxies"),
        ("NUM_PROXIES", 3, "production.proxies"),
        ("SINGLE_USER", "test@example.com", "check.accounts.E001"),
    ],
)
def test_each_fault_is_found(ready: Any, name: str, value: Any, finding: str) -> None:
    setattr(ready, name, value)
    quick = [
        *production.examine_names(),
        *production.examine_proxies(),
        *(examine(deployment=True) if finding.startswith("check") else []),
    ]
    assert finding in problems(quick)


def test_more_processes_than_cores_or_memory_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(production, "cores", lambda: 2)
    monkeypatch.setattr(production, "memory", lambda: 2_000_000_000)
    for processes, told in {"4": "ok", "5": "ok", "6": "warning"}.items():
        monkeypatch.setenv("WEB_CONCURRENCY", processes)
        assert level(production.examine_processes()) == f"production.processes {told}"
    monkeypatch.setattr(production, "memory", lambda: 900_000_000)
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    (found,) = production.examine_processes()
    assert "Set WEB_CONCURRENCY to 2" in found.hint


@pytest.mark.parametrize(
    ("database", "told"),
    [
        ({"HOST": "db.example.org"}, "warning"),
        ({"HOST": "db.example.org", "OPTIONS": {"sslmode": "verify-full"}}, "ok"),
        ({"HOST": "localhost"}, "ok"),
        ({"HOST": "/socket", "BUNDLED_DATA_DIR": "/data"}, "info"),
    ],
)
def test_way_to_the_database_is_judged(database: dict[str, Any], told: str) -> None:
    assert level(production.examine_place(Installation(database))) == f"production.database {told}"


@pytest.mark.skipif(os.name != "posix", reason="no rights of files")
def test_folders_that_others_may_enter_are_found(settings: Any) -> None:
    settings.BACKUP_DIR = "none"
    # Not tmp_path: nobody else may enter a folder that it lies in.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        settings.MEDIA_ROOT = Path(folder, "media")
        settings.MEDIA_ROOT.mkdir()
        settings.MEDIA_ROOT.chmod(0o755)
        assert level(production.examine_folders()) == "production.folders warning"
        settings.MEDIA_ROOT.chmod(0o700)
        assert level(production.examine_folders()) == "production.folders ok"


def test_remarks_that_are_faults_here_are_raised_and_others_not() -> None:
    found = production.more_seriously(
        [info("worker.runs", "None."), info("replication.lag", "No.")]
    )
    assert [one.level for one in found] == [Level.WARNING, Level.INFO]


def test_command_works_without_a_database_and_ends_with_the_worst() -> None:
    where = "postgresql://nobody@127.0.0.1:1/none"
    result = manage("production_check", "--json", DATABASE_URL=where, DEBUG="true")
    told = json.loads(result.stdout)
    assert result.returncode == 2
    assert told["level"] == "error"
    assert {"database.refused", "check.security.W018"} <= {one["id"] for one in told["findings"]}


def test_nonsense_in_the_environment_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "many")
    with pytest.raises(ImproperlyConfigured, match="WEB_CONCURRENCY is 'many'"):
        list(production.examine_processes())


def test_make_calls_the_command() -> None:
    assert "manage.py production_check" in (ROOT / "Makefile").read_text()
    assert worst([]) == Level.OK
    assert live.BACKUP_DIR == "" or Path(live.BACKUP_DIR).is_absolute()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_give_up_all_rights_and_write_only_to_data(unit: Path) -> None:
    lines = unit.read_text().splitlines()
    for wanted in ("User=convoai", "ProtectSystem=strict", "NoNewPrivileges=yes", "UMask=0077"):
        assert wanted in lines
    assert "CapabilityBoundingSet=" in lines
    (writable,) = [line for line in lines if line.startswith("ReadWritePaths=")]
    assert re.fullmatch(r"ReadWritePaths=/srv/convoai-data( /srv/convoai-backups)?", writable)
    (command,) = [line for line in lines if line.startswith("ExecStart=")]
    assert command.startswith("ExecStart=/srv/convoai/.venv/bin/python manage.py ")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    python = tmp_path / "home/.venv/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to(shutil.which("true") or "/bin/true")
    for unit in (ROOT / "docs/systemd").iterdir():
        text = unit.read_text().replace("/srv/convoai/", f"{tmp_path}/home/")
        (tmp_path / unit.name).write_text(text.replace("User=convoai", "User=root"))
    units = sorted(map(str, tmp_path.glob("convoai*.*")))
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
