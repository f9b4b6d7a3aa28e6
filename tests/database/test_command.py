"""manage.py database: start, stop, status, shell, logs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.database.scratch import Remote, manage
from tests.guards.source import ROOT


def database(*arguments: str, data_dir: Path) -> tuple[int, str]:
    result = manage("database", *arguments, DATA_DIR=str(data_dir))
    return result.returncode, result.stdout + result.stderr


def test_the_life_of_a_bundled_server(shared: Path) -> None:
    code, told = database("start", data_dir=shared)
    assert (code, str(shared / "postgres") in told) == (0, True)
    code, told = database("status", data_dir=shared)
    assert code == 0
    for pattern in (
        r"^running +yes$",
        r"^server +bundled$",
        rf"^data +{shared}/postgres$",
        r"^PostgreSQL +18\.",
        r"^pgvector +0\.",
        r"^pool +10 connections kept .* 20 more",
    ):
        assert re.search(pattern, told, re.MULTILINE), pattern
    assert database("shell", "--", "-tAc", "SELECT 6 * 7", data_dir=shared) == (0, "42\n")
    code, told = database("logs", "-n", "1", data_dir=shared)
    assert (code, told.count("\n")) == (0, 1)
    assert database("stop", data_dir=shared) == (0, "The bundled PostgreSQL has stopped.\n")
    code, told = database("status", data_dir=shared)
    assert (code, "no: stopped on request" in told) == (1, True)


def test_status_of_a_new_folder_makes_nothing(folder: Path) -> None:
    code, told = database("status", data_dir=folder)
    assert (code, "not made yet" in told) == (1, True)
    assert not (folder / "postgres").exists()


def test_somebody_elses_server_is_not_convoais_to_stop(remote: Remote) -> None:
    result = manage("database", "stop", DATABASE_URL=remote.url())
    assert result.returncode == 1
    assert "is not convoai's to stop" in result.stderr
    assert "wonder" not in result.stderr


def test_status_and_shell_of_somebody_elses_server(remote: Remote) -> None:
    result = manage("database", "status", DATABASE_URL=remote.url())
    assert result.returncode == 0, result.stderr
    assert f"postgresql://alice:***@127.0.0.1:{remote.port}/ready" in result.stdout
    assert "wonder" not in result.stdout
    result = manage("database", "shell", "--", "-tAc", "SELECT 1", DATABASE_URL=remote.url())
    assert (result.returncode, result.stdout) == (0, "1\n"), result.stderr


def test_a_reader_who_had_enough_ends_a_command_without_a_word() -> None:
    command = [sys.executable, "manage.py", "help"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(60)
        assert process.stderr is not None
        assert (process.returncode, process.stderr.read()) == (141, "")
