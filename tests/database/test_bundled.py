"""The bundled PostgreSQL survives what happens to files and processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import psutil
import psycopg2
import pytest

from convoai.database import bundled
from convoai.database.cluster import SUPERUSER
from convoai.database.place import DATABASE, PORT, ROLE, Place, find_place
from convoai.database.postmaster import find_postmaster
from convoai.database.problems import DatabaseProblem
from tests.database.scratch import ROOT, environment, poll, scratch_server

START = (
    "import sys; from pathlib import Path; from convoai.database import bundled; "
    "bundled.{}(Path(sys.argv[1]))"
)


def value(place: Place, query: str, *, user: str = ROLE) -> str:
    """The first value of a query in the bundled database."""
    connection = psycopg2.connect(host=str(place.socket_dir), port=PORT, user=user, dbname=DATABASE)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return str(cursor.fetchone()[0])
    finally:
        connection.close()


def postmaster_pid(place: Place) -> int:
    process = find_postmaster(place)
    assert process is not None
    return int(process.pid)


def test_a_new_server_is_made_as_the_design_asks(shared: Path) -> None:
    place = bundled.start(shared)
    assert place.home == shared / "postgres"
    assert value(place, "SELECT lower('ÀΣ') || upper('ß')") == "àςSS"
    assert value(place, "SHOW data_checksums") == "on"
    assert value(place, "SHOW listen_addresses") == ""
    assert value(place, "SHOW max_connections") == "200"
    assert value(place, "SELECT '[1,2]'::vector") == "[1,2]"
    assert place.home.stat().st_mode & 0o777 == 0o700


def test_convoai_is_no_superuser_but_may_make_test_databases(shared: Path) -> None:
    place = bundled.start(shared)
    rights = "SELECT (rolsuper, rolcreatedb) FROM pg_roles WHERE rolname = current_user"
    assert value(place, rights) == "(f,t)"
    assert value(place, rights, user=SUPERUSER) == "(t,t)"


def test_what_people_say_never_reaches_the_log(shared: Path) -> None:
    place = bundled.start(shared)
    for wrong in (
        "SELECT 'canary' + 1",
        "SELECT 'canary'::int",
        "CREATE TEMP TABLE said (text text CHECK (text = '')); INSERT INTO said VALUES ('canary')",
    ):
        with pytest.raises(psycopg2.Error):
            value(place, wrong)
    assert "canary" not in place.log.read_text()


@pytest.mark.parametrize("name", ["with spaces, and 'quotes\"", "long/" + "a" * 120])
def test_spaces_and_long_paths_work(folder: Path, name: str) -> None:
    with scratch_server(folder / name) as data_dir:
        place = bundled.start(data_dir)
        assert value(place, "SELECT 1") == "1"
        assert place.socket_dir.stat().st_mode & 0o077 == 0
        if place.socket_dir != place.home:
            bundled.stop(data_dir)
            place.socket_dir.rmdir()


@pytest.mark.bad_input(104, 119)
def test_a_killed_server_is_started_again_with_its_data(shared: Path) -> None:
    place = bundled.start(shared)
    connection = psycopg2.connect(host=str(place.socket_dir), port=PORT, user=ROLE, dbname=DATABASE)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 1 AS id")
    os.kill(postmaster_pid(place), 9)
    bundled.ensure(shared)
    assert value(place, "SELECT count(*) FROM kept") == "1"


@pytest.mark.bad_input(119)
def test_a_reused_process_id_does_not_pass_for_the_server(shared: Path) -> None:
    place = bundled.start(shared)
    bundled.stop(shared)
    # This test's own process is alive, and is no PostgreSQL.
    file = place.cluster / "postmaster.pid"
    file.write_text(f"{os.getpid()}\n{place.cluster}\n1\n{PORT}\n{place.socket_dir}\n\n1 1\n")
    assert find_postmaster(place) is None
    bundled.start(shared)
    assert value(place, "SELECT 1") == "1"


def test_a_zombie_does_not_pass_for_the_server(shared: Path, folder: Path) -> None:
    place = bundled.start(shared)
    bundled.stop(shared)
    program = folder / "postgres"
    shutil.copy(sys.executable, program)
    process = subprocess.Popen([program, "-c", "input()"], cwd=place.cluster, stdin=PIPE)
    (place.cluster / "postmaster.pid").write_text(f"{process.pid}\n")
    found = find_postmaster(place)
    assert found is not None
    assert found.pid == process.pid
    process.kill()
    # Not waited for: it stays in the list of processes, as where nobody reaps orphans.
    poll(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    assert find_postmaster(place) is None
    process.communicate()
    bundled.start(shared)
    assert value(place, "SELECT 1") == "1"


def test_another_server_of_the_same_program_does_not_pass_for_this_one(folder: Path) -> None:
    with scratch_server(folder / "one") as one, scratch_server(folder / "two") as two:
        first, second = bundled.start(one), bundled.start(two)
        bundled.stop(two)
        file = second.cluster / "postmaster.pid"
        file.write_text((first.cluster / "postmaster.pid").read_text())
        assert find_postmaster(second) is None
        bundled.start(two)
        assert postmaster_pid(second) != postmaster_pid(first)


def test_starting_many_times_at_once_starts_one_server(folder: Path) -> None:
    with scratch_server(folder):
        starts = [
            subprocess.Popen(
                [sys.executable, "-c", START.format("ensure"), str(folder)],
                cwd=ROOT,
                env=environment(),
                stderr=subprocess.PIPE,
            )
            for _ in range(6)
        ]
        told = [process.communicate(timeout=60)[1] for process in starts]
        assert [process.returncode for process in starts] == [0] * 6, told
        place = find_place(folder)
        assert value(place, "SELECT 1") == "1"
        assert place.log.read_text().count("starting PostgreSQL") == 1


def test_an_interrupted_first_start_is_finished_by_the_next(folder: Path) -> None:
    with scratch_server(folder):
        process = subprocess.Popen(
            [sys.executable, "-c", START.format("start"), str(folder)], cwd=ROOT, env=environment()
        )
        poll(lambda: any((folder / "postgres").glob("new-*")))
        process.kill()
        process.wait()
        place = bundled.start(folder)
        assert value(place, "SELECT 1") == "1"


def test_a_stopped_server_stays_stopped_until_somebody_starts_it(shared: Path) -> None:
    place = bundled.start(shared)
    assert bundled.stop(shared)
    assert find_postmaster(place) is None
    with pytest.raises(DatabaseProblem, match=r"stopped on request: run `manage\.py database"):
        bundled.ensure(shared)
    assert not bundled.stop(shared)
    bundled.start(shared)
    bundled.ensure(shared)
    assert value(place, "SELECT 1") == "1"


def test_a_data_folder_may_be_moved(folder: Path) -> None:
    with scratch_server(folder / "before") as before:
        bundled.start(before)
        with scratch_server(folder / "after") as after:
            # While the server runs: it keeps its place, and loses its address.
            before.rename(after)
            place = bundled.ensure(after)
            assert value(place, "SELECT 1") == "1"


def test_a_lost_socket_is_made_again(shared: Path) -> None:
    place = bundled.start(shared)
    place.socket.unlink()
    bundled.ensure(shared)
    assert value(place, "SELECT 1") == "1"


def test_a_server_that_cannot_start_says_why(shared: Path) -> None:
    place = bundled.start(shared)
    bundled.stop(shared)
    settings = place.cluster / "postgresql.auto.conf"
    sound = settings.read_text()
    settings.write_text("shared_buffers = 'much'\n")
    with pytest.raises(DatabaseProblem, match=r"did not start: .*configuration file"):
        bundled.start(shared)
    settings.write_text(sound)


def test_data_of_another_version_is_left_alone(shared: Path) -> None:
    place = bundled.start(shared)
    bundled.stop(shared)
    (place.cluster / "PG_VERSION").write_text("12\n")
    with pytest.raises(DatabaseProblem, match="was made by PostgreSQL 12"):
        bundled.start(shared)
    (place.cluster / "PG_VERSION").write_text("18\n")
