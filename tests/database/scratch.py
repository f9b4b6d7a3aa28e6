"""Servers, folders and processes of their own for the tests of the database room."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from convoai.database.binaries import run_program
from convoai.database.cluster import SUPERUSER, make_cluster, make_home, write_configuration
from convoai.database.place import find_place
from convoai.database.postmaster import find_postmaster, wait_until

ROOT = Path(__file__).resolve().parents[2]


def poll(condition: Callable[[], bool], *, seconds: float = 10) -> None:
    """Return when `condition` is true; fail when it is not within `seconds`."""
    assert wait_until(condition, seconds=seconds), f"not true after {seconds} s"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that, unlike pytest's, a server started by root can reach as another user."""
    folder = Path(tempfile.mkdtemp(prefix="convoai-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch_server(data_dir: Path) -> Iterator[Path]:
    """A data folder whose bundled server is ended at once afterwards, whatever became of it."""
    try:
        yield data_dir
    finally:
        process = find_postmaster(find_place(data_dir))
        if process is not None:
            process.send_signal(signal.SIGQUIT)
            poll(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without anything that says which database to use."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DB_", "PG", "DATABASE_")) and name != "DJANGO_SETTINGS_MODULE"
    }
    return {**inherited, "SECRET_KEY": "only-for-a-test", "DEBUG": "true", **variables}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py as a person does, with these environment variables."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def run_script(script: str, *arguments: str | Path, **variables: str) -> str:
    """Run a Python script in a process of its own; return what it prints, fail when it fails."""
    result = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        env=environment(DJANGO_SETTINGS_MODULE="convoai.settings", **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@dataclass(frozen=True)
class Remote:
    """A PostgreSQL as somebody else would run it: over TCP, with passwords, without SSL."""

    port: int
    socket_dir: Path

    def url(
        self, *, user: str = "alice", password: str = "wonder land", name: str = "ready"
    ) -> str:
        return f"postgresql://{user}:{password.replace(' ', '%20')}@127.0.0.1:{self.port}/{name}"

    def execute(self, *statements: str, name: str = "postgres") -> None:
        """Run statements as the superuser, each in a transaction of its own."""
        connection = psycopg2.connect(
            host=str(self.socket_dir), port=self.port, user=SUPERUSER, dbname=name
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()


@contextmanager
def remote_server() -> Iterator[Remote]:
    """Start a Remote with the user alice and the databases she is used to."""
    with scratch_folder() as folder:
        place = find_place(folder)
        user = make_home(place)
        make_cluster(place, user)
        write_configuration(place, user)
        rules = place.home / "rules.conf"
        rules.write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        rules.chmod(0o644)
        port = _free_port()
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c hba_file={rules} -c fsync=off"

        def control(*arguments: str | Path) -> None:
            result = run_program(
                "pg_ctl", *arguments, "--pgdata", place.cluster, cwd=place.home, user=user
            )
            assert result.returncode == 0, place.log.read_text()

        control("start", "--wait", "--log", place.log, "--options", options)
        try:
            remote = Remote(port, place.socket_dir)
            remote.execute(*_REMOTE)
            remote.execute("CREATE EXTENSION vector", name="ready")
            remote.execute(
                "CREATE EXTENSION vector",
                "UPDATE pg_extension SET extversion = '0.6.2' WHERE extname = 'vector'",
                name="outdated",
            )
            yield remote
        finally:
            control("stop", "--wait", "--mode=immediate")


_REMOTE = (
    "CREATE ROLE alice LOGIN PASSWORD 'wonder land'",
    "CREATE ROLE sleeper PASSWORD 'wonder land'",
    "CREATE DATABASE ready OWNER alice",
    "CREATE DATABASE without_right OWNER alice",
    "CREATE DATABASE of_another",
    "CREATE DATABASE outdated OWNER alice",
    # As if pgvector were not installed on that machine.
    "CREATE DATABASE without_pgvector OWNER alice",
    "ALTER DATABASE without_pgvector SET extension_control_path = '/nowhere'",
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: Any = probe.getsockname()[1]
    return int(port)
