"""The web server as `make run` starts it, on a free port, until the benchmark is done with it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from project import ROOT

START_SECONDS = 60


class Server(NamedTuple):
    port: int
    pid: int


@contextmanager
def running_server(**variables: str) -> Iterator[Server]:
    """`manage.py serve`, with these environment variables besides our own.

    Raises SystemExit with what the server said when it does not come up.
    """
    port = free_port()
    # The statements of a web request keep their limits.
    environment = {**os.environ, **variables, "DB_STATEMENT_TIMEOUT": "10"}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port), "--no-demo"],
            cwd=ROOT,
            env=environment,
            stdout=said,
            stderr=said,
        )
        try:
            if not becomes_healthy(port, process):
                said.seek(0)
                raise SystemExit(f"The server did not start:\n{said.read().decode()}")
            yield Server(port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def becomes_healthy(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until the server answers; False when it ends before, or takes longer than a minute."""
    pause = threading.Event()
    for _ in range(START_SECONDS * 10):
        if process.poll() is not None:
            return False
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return True
        except OSError:
            pause.wait(0.1)
    return False
