"""Root and ordinary users: PostgreSQL refuses root, and some folders refuse everybody else."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

import convoai.database.server_user as users
from convoai.database import bundled
from convoai.database.binaries import binaries_for, installed_binaries
from convoai.database.place import find_place
from convoai.database.postmaster import find_postmaster
from convoai.database.problems import DatabaseProblem
from tests.database.scratch import ROOT, environment, scratch_server

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def outside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = folder / "outside"
    monkeypatch.setattr(users, "OUTSIDE", path)
    return path


def modes(path: Path) -> list[int]:
    return [part.stat().st_mode for part in path.parents]


def test_root_runs_the_server_as_nobody_and_changes_no_other_folder(folder: Path) -> None:
    data_dir = folder / "a" / "b"
    data_dir.mkdir(parents=True)
    before = modes(data_dir / "postgres")
    with scratch_server(data_dir):
        place = bundled.start(data_dir)
        process = find_postmaster(place)
        assert process is not None
        assert process.username() == "nobody"
        assert modes(data_dir / "postgres") == before


def test_a_folder_only_root_may_enter_gets_its_data_outside(folder: Path, outside: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    with scratch_server(private / "data") as data_dir:
        place = bundled.start(data_dir)
        assert place.is_outside
        assert place.home.is_relative_to(outside)
        assert private.stat().st_mode & 0o777 == 0o700
        assert find_place(data_dir) == place
        bundled.stop(data_dir)
        place.home.rename(folder / "lost")
        with pytest.raises(DatabaseProblem, match="is missing: bring it back"):
            bundled.start(data_dir)
        (folder / "lost").rename(place.home)


def test_data_takes_its_rows_along_when_its_folder_becomes_private(
    folder: Path, outside: Path
) -> None:
    parent = folder / "parent"
    with scratch_server(parent / "data") as data_dir:
        inside = bundled.start(data_dir)
        bundled.stop(data_dir)
        (inside.cluster / "a mark").touch()
        parent.chmod(0o700)
        place = bundled.start(data_dir)
        assert place.home.is_relative_to(outside)
        assert (place.cluster / "a mark").exists()


def test_programs_only_root_may_reach_are_copied_once(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = users.user_for(Path("/nonexistent"))
    assert nobody is not None
    assert binaries_for(nobody) == installed_binaries()
    able = users.can_use
    monkeypatch.setattr(
        "convoai.database.binaries.can_use",
        lambda program, user: program.is_relative_to(outside) and able(program, user),
    )
    copy = binaries_for(nobody)
    assert copy.is_relative_to(outside)
    assert (copy / "postgres").stat().st_mode & 0o777 == 0o755
    assert binaries_for(nobody) == copy


def test_an_ordinary_user_runs_the_server_as_oneself(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    if not users.can_use(Path(sys.executable).resolve(), users.ServerUser("", nobody.pw_uid, 0)):
        pytest.skip("this Python is root's alone")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    script = (
        "import sys; from pathlib import Path; from convoai.database import bundled;"
        "bundled.start(Path(sys.argv[1])); bundled.ensure(Path(sys.argv[1]));"
        "print(bundled.stop(Path(sys.argv[1])))"
    )
    result = subprocess.run(
        [sys.executable, "-B", "-c", script, str(folder / "data")],
        cwd=ROOT,
        env=environment(HOME=str(folder)),
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, "True\n"), result.stderr


def test_somebody_elses_folder_is_refused_in_one_sentence(folder: Path) -> None:
    home = folder / "postgres"
    home.mkdir()
    os.chown(home, 54321, 54321)
    with pytest.raises(DatabaseProblem, match="user 54321 does not exist"):
        bundled.start(folder)
