"""A convoai of its own for a test: data folder, bundled PostgreSQL, web server, one user."""

from __future__ import annotations

import http.client
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil

from convoai.database import bundled
from convoai.database.place import find_place
from convoai.database.postmaster import find_postmaster, wait_until
from tests.api.bad_input.answers import ORIGIN
from tests.database.scratch import environment, run_script, scratch_folder
from tests.operations.servers import free_port, running, wait_until_served

PREPARE = """
import django, sys
django.setup()
from django.core.management import call_command
from tests.layouts import give_wanted_layout
call_command("migrate", verbosity=0)
give_wanted_layout()
from convoai.accounts.services import create_api_key, create_user
user = create_user(email="alice@example.org", password="a long enough pass phrase")
print(create_api_key(user=user, name="test")[1])
"""
# Short limits, so that the tests need not wait for the usual ones.
LIMITS = {
    "DB_POOL_SIZE": "2",
    "DB_MAX_OVERFLOW": "1",
    "DB_POOL_TIMEOUT": "0.5",
    "DB_STATEMENT_TIMEOUT": "4",
    "DB_LOCK_TIMEOUT": "3",
    "WEB_CONCURRENCY": "1",
    "WEB_THREADS": "8",
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class House:
    """Where it lives, and what its user's requests carry."""

    data_dir: Path
    port: int
    key: str
    server: Popen[str]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request of Alice's, with an Origin and her key."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(
                method,
                path,
                None if body is None else json.dumps(body),
                {
                    "Authorization": f"Bearer {self.key}",
                    "Content-Type": "application/json",
                    "Origin": ORIGIN,
                    **{name.replace("_", "-"): value for name, value in headers.items()},
                },
            )
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def kill_database(self) -> None:
        """End the main process of PostgreSQL as the kernel would when memory is short."""
        postmaster = find_postmaster(find_place(self.data_dir))
        assert postmaster is not None
        postmaster.send_signal(signal.SIGKILL)
        postmaster.wait(60)

    def kill_worker(self) -> None:
        """End the web server's working process; its master starts another."""
        (worker,) = psutil.Process(self.server.pid).children()
        worker.send_signal(signal.SIGKILL)

    def wait_until_ready(self, seconds: float = 60) -> float:
        """The seconds until /health/ready says so."""
        begun = time.monotonic()
        assert wait_until(self._is_ready, seconds=seconds), "not ready again"
        return time.monotonic() - begun

    def _is_ready(self) -> bool:
        try:
            return self.ask("GET", "/health/ready").status == 200
        except (OSError, http.client.HTTPException):
            return False


@contextmanager
def house() -> Iterator[House]:
    """A house whose database is stopped when the web server starts: row 108."""
    with scratch_folder() as folder:
        variables = {**LIMITS, "DATA_DIR": str(folder), "DB_COMMAND_STATEMENT_TIMEOUT": "60"}
        try:
            bundled.start(folder)
            key = run_script(PREPARE, **variables).strip().splitlines()[-1]
            bundled.stop(folder)
            port = free_port()
            command = ["-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
            with running(command, environment(**variables)) as server:
                wait_until_served(server, port)
                yield House(folder, port, key, server)
        finally:
            bundled.stop(folder)
