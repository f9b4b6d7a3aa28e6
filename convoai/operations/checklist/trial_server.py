"""The web server of a trial: `manage.py serve` on a free port, and requests to it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings

from convoai.database.postmaster import wait_until

COMMAND = ("manage.py", "serve", "--no-demo", "--no-worker", "--workers", "1")
START_SECONDS, STOP_SECONDS = 60, 20
# Plain requests without proxy, that nobody answers for somebody else.
VARIABLES = {"HTTPS": "false", "SINGLE_USER": "", "NUM_PROXIES": "0"}


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any


class TrialServer:
    """Runs while it is entered; raises TrialFailed when it does not come up."""

    def __init__(self) -> None:
        self.port = _free_port()

    def __enter__(self) -> Self:
        self._said = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, *COMMAND, "--port", str(self.port)],
            cwd=settings.BASE_DIR,
            env={**os.environ, **VARIABLES},
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
        )
        wait_until(lambda: self._has_ended() or self._answers(), seconds=START_SECONDS)
        if self._has_ended() or not self._answers():
            self._said.seek(0)
            lines = self._said.read().decode(errors="replace").strip().splitlines()
            self.__exit__()
            raise TrialFailed(lines[-1] if lines else "It gave no reason.")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def ask(self, method: str, path: str, body: object = None, *, key: str | None = None) -> Answer:
        """Send a request; the answer's body is read as JSON. Raises OSError."""
        headers = {"Host": known_host(), "Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(method, path, sent, headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        try:
            return Answer(answer.status, json.loads(said) if said else None)
        except ValueError:
            return Answer(answer.status, None)

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "/health/live").status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def _has_ended(self) -> bool:
        return self._process.poll() is not None


class TrialFailed(Exception):
    """The server did not start; the message is what it said last."""


def known_host() -> str:
    """A name that this installation answers to."""
    names = [name for name in settings.ALLOWED_HOSTS if name != "*"]
    return names[0].removeprefix(".") if names else "127.0.0.1"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
