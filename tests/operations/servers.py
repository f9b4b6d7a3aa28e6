"""Web servers started for a test, as a person starts them: a process of its own on a free port."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.guards.source import ROOT


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    arguments: list[str], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start Python with these arguments at the root of the project; kill it if it is left over."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {}), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def wait_until_served(process: subprocess.Popen[str], port: int, seconds: float = 60) -> None:
    """Return as soon as the port accepts connections; fail when the process ends before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            _, errors = process.communicate()
            raise AssertionError(f"the server ended with {process.returncode}: {errors}")
        time.sleep(0.05)  # there is nothing to wait on: the other process opens the port
    raise AssertionError(f"nothing listens on port {port} after {seconds} s")


def ask(port: int, path: str = "/") -> tuple[int, http.client.HTTPMessage, bytes]:
    """GET a path of the server on this port: status, headers, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def send(port: int, request: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Send raw bytes and read the answer: status, headers, body."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(request)
        response = http.client.HTTPResponse(client)
        response.begin()
        return response.status, response.headers, response.read()
