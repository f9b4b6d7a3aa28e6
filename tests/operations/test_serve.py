"""manage.py serve, as `make run` starts it: a process of its own on a data folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
import pytest

from convoai.database.place import find_place
from convoai.operations.startup import StartupProblem, require_free_port
from tests.database.scratch import poll
from tests.guards.source import ROOT
from tests.operations.servers import ask, free_port, running, wait_until_served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A new local installation; its database is stopped and removed afterwards."""
    data_dir = tmp_path_factory.mktemp("serve") / "data with a space"
    environment = {
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": "",
        "DEBUG": "true",
        "SINGLE_USER": "test@example.com",
    }
    yield environment
    manage(environment, "database", "stop")
    shutil.rmtree(find_place(data_dir).home, ignore_errors=True)


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


@dataclass(frozen=True)
class Run:
    """What came of one start that ended with Ctrl-C."""

    code: int
    output: str
    partners: int


def serve_once(environment: dict[str, str], *arguments: str) -> Run:
    """Start the server, wait until it serves, look at the partners, press Ctrl-C."""
    port = free_port()
    with running(["manage.py", "serve", "--port", str(port), *arguments], environment) as process:
        wait_until_served(process, port)
        status, _, body = ask(port, "/health/ready")
        assert status == 200, body
        _, _, partners = ask(port, "/api/partners")
        # A terminal sends Ctrl-C to every process of the foreground.
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    found = json.loads(partners)
    count = len(found) if isinstance(found, list) else 0
    return Run(process.returncode, output.replace(str(port), "PORT"), count)


@pytest.fixture(scope="module")
def starts(environment: dict[str, str]) -> list[Run]:
    """Three starts of one installation: new and without demo, still empty, after a stop."""
    first = serve_once({**environment, "SINGLE_USER": ""}, "--no-demo")
    second = serve_once(environment)
    assert manage(environment, "database", "stop").returncode == 0
    return [first, second, serve_once(environment)]


def test_ctrl_c_ends_every_start_cleanly(starts: list[Run]) -> None:
    assert [start.code for start in starts] == [0, 0, 0]


def test_no_demo_leaves_a_new_installation_empty(starts: list[Run]) -> None:
    assert "nobody can yet: manage.py create_user EMAIL" in starts[0].output
    assert "testpassword" not in starts[0].output
    assert "off: every request needs" in starts[0].output


def test_installation_without_anybody_gets_the_demo_and_says_how_to_get_in(
    starts: list[Run], environment: dict[str, str]
) -> None:
    output = starts[1].output
    assert starts[1].partners > 0
    assert "http://127.0.0.1:PORT/\n" in output
    assert "http://127.0.0.1:PORT/admin/\n" in output
    assert "http://127.0.0.1:PORT/docs\n" in output
    assert "test@example.com / testpassword\n" in output
    assert "SINGLE_USER=" in output
    assert environment["DATA_DIR"] in output


def test_next_start_prepares_nothing_and_keeps_everything(starts: list[Run]) -> None:
    assert starts[2].output.startswith("convoai is at")
    assert starts[2].partners == starts[1].partners


@pytest.mark.usefixtures("starts")
def test_ctrl_c_leaves_the_database_up(environment: dict[str, str]) -> None:
    state = manage(environment, "database", "status")
    assert state.returncode == 0
    assert "running" in state.stdout.lower()


@pytest.mark.usefixtures("starts")
def test_database_stops_with_the_server_where_that_is_asked_for(
    environment: dict[str, str],
) -> None:
    """As in a container, which ends with its web server."""
    port = free_port()
    command = ["manage.py", "serve", "--port", str(port), "--no-worker"]
    with running(command, {**environment, "STOP_DATABASE": "1"}) as process:
        wait_until_served(process, port)
        process.terminate()
        output, _ = process.communicate(timeout=60)
    try:
        assert process.returncode == 0
        assert "The bundled PostgreSQL has stopped." in output
    finally:
        manage(environment, "database", "start")


def worker_of(server: int) -> list[psutil.Process]:
    """The worker beside a web server, and the processes of its own."""
    for child in psutil.Process(server).children():
        if "qcluster" in child.cmdline():
            return [child, *child.children(recursive=True)]
    return []


@pytest.mark.bad_input(105)
@pytest.mark.usefixtures("starts")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_worker_starts_with_the_server_and_ends_with_it(
    environment: dict[str, str], ending: signal.Signals
) -> None:
    port = free_port()
    with running(["manage.py", "serve", "--port", str(port)], environment) as process:
        wait_until_served(process, port)
        # The worker, its guard, and the three that this one looks after.
        poll(lambda: len(worker_of(process.pid)) >= 5, seconds=60)
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(ending)
        process.wait(60)
        _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive


@pytest.mark.usefixtures("starts")
def test_worker_can_be_left_out(environment: dict[str, str]) -> None:
    port = free_port()
    command = ["manage.py", "serve", "--port", str(port), "--no-worker"]
    with running(command, environment) as process:
        wait_until_served(process, port)
        assert ask(port, "/health/ready")[0] == 200
        assert worker_of(process.pid) == []


def test_taken_port_is_refused_with_one_sentence(environment: dict[str, str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = manage(environment, "serve", "--port", str(port))
    assert result.returncode == 1
    assert f"Port {port} is in use" in result.stderr
    assert "PORT=" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("127.0.0.1", 0, "PORT="),
        ("127.0.0.1", 70000, "PORT="),
        ("192.0.2.1", 8000, "127.0.0.1"),
        ("no.such.host.invalid", 8000, "127.0.0.1"),
    ],
)
def test_impossible_address_is_refused_with_its_fix(host: str, port: int, words: str) -> None:
    with pytest.raises(StartupProblem, match=words):
        require_free_port(host, port)


@pytest.mark.bad_input(78)
def test_single_user_mode_without_debug_is_refused_with_one_sentence(
    environment: dict[str, str],
) -> None:
    result = manage({**environment, "DEBUG": "false"}, "serve", "--port", str(free_port()))
    assert result.returncode == 1
    assert "SINGLE_USER" in result.stderr
    assert "Traceback" not in result.stderr
