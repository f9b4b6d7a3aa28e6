"""How many web processes: by affinity and cgroups, and what is said by hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from convoai.operations import capacity
from tests.database.scratch import run_script

SETTINGS = """
import sys
from gunicorn.config import Config, get_default_config_file
import runpy
found = runpy.run_path("gunicorn.conf.py")
print(found["workers"], found["threads"], found["keepalive"], "django.apps" in sys.modules)
"""


def groups(folder: Path, path: str, **files: str) -> dict[str, Path]:
    """A made-up cgroup of this process, with limits in the files of its group."""
    group = folder / "cgroup" / path.lstrip("/")
    group.mkdir(parents=True, exist_ok=True)
    for name, told in files.items():
        (group / name.replace("_", ".")).write_text(told + "\n")
    me = folder / "me"
    me.write_text(f"0::{path}\n")
    return {"root": folder / "cgroup", "own": me}


@pytest.mark.parametrize(
    ("quota", "cores"), [("50000 100000", 1), ("150000 100000", 2), ("max 100000", 64)]
)
def test_quota_of_a_container_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, cores: int
) -> None:
    monkeypatch.setattr(capacity, "_by_affinity", lambda: 64)
    assert capacity.cores(**groups(tmp_path, "/", cpu_max=quota)) == cores


def test_limits_of_all_groups_above_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "_by_affinity", lambda: 64)
    groups(tmp_path, "/system.slice", cpu_max="300000 100000", memory_max="900000000")
    mine = groups(tmp_path, "/system.slice/convoai.service", cpu_max="max 100000", memory_max="max")
    assert capacity.cores(**mine) == 3
    assert capacity.memory(**mine) == 900_000_000


def test_machine_without_cgroups_counts_by_affinity(tmp_path: Path) -> None:
    nowhere = {"root": tmp_path / "none", "own": tmp_path / "none"}
    assert capacity.cores(**nowhere) == len(os.sched_getaffinity(0))
    assert capacity.memory(**nowhere) > 1 << 27


@pytest.mark.parametrize(
    ("cores", "memory", "processes"),
    [
        (1, 1 << 34, 2),
        (2, 1 << 34, 2),
        (6, 1 << 34, 6),
        (64, 1 << 38, 8),
        (8, 1 << 30, 2),
        (4, 1, 1),
    ],
)
def test_default_is_one_process_a_core_within_reason(
    monkeypatch: pytest.MonkeyPatch, cores: int, memory: int, processes: int
) -> None:
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    monkeypatch.setattr(capacity, "cores", lambda: cores)
    monkeypatch.setattr(capacity, "memory", lambda: memory)
    assert capacity.web_processes() == processes


def test_what_is_said_by_hand_wins_and_nonsense_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "11")
    assert capacity.web_processes() == 11
    for given in ("0", "many", "-1"):
        monkeypatch.setenv("WEB_CONCURRENCY", given)
        with pytest.raises(ImproperlyConfigured, match="WEB_CONCURRENCY is"):
            capacity.web_processes()


def test_gunicorn_reads_them_without_loading_the_application() -> None:
    said = run_script(SETTINGS, WEB_CONCURRENCY="3", WEB_THREADS="5").split()
    assert said[:3] == ["3", "5", "75"]
