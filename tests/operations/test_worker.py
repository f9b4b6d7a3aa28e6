"""The web worker: broken requests get JSON, slow clients do not hold threads."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from tests.operations.servers import ask, free_port, running, send, wait_until_served

TIMEOUT = 2


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server with one thread and a timeout of two seconds around the echo application."""
    port = free_port()
    command = ["-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "1"]
    command += [
        "--timeout",
        str(TIMEOUT),
        "--log-level",
        "info",
        "tests.operations.echo:application",
    ]
    with running(command) as process:
        wait_until_served(process, port)
        yield port


BROKEN = {
    "a long request line": (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "101 header lines": (
        b"GET / HTTP/1.1\r\nHost: x\r\n"
        + b"".join(b"X-%d: 1\r\n" % n for n in range(100))
        + b"\r\n",
        431,
    ),
    "a huge header": (b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 431),
    "no HTTP at all": (b"hello\r\n\r\n", 400),
    "a broken header": (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
    "an unknown coding": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: odd\r\n\r\n",
        501,
    ),
    "two lengths": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        400,
    ),
}


@pytest.mark.bad_input(35)
@pytest.mark.parametrize("what", BROKEN)
def test_request_that_never_reaches_django_is_answered_as_json(port: int, what: str) -> None:
    request, expected = BROKEN[what]
    status, headers, body = send(port, request)
    answer = json.loads(body)
    assert status == expected
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Request-ID"] == answer["request_id"]
    assert set(answer) == {"detail", "code", "request_id"}
    assert "aaaa" not in answer["detail"]


@pytest.mark.bad_input(124)
def test_fault_of_the_application_is_answered_as_json_without_details(port: int) -> None:
    status, headers, body = ask(port, "/fault")
    assert status == 500
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body)["code"] == "internal"
    assert b"fault of" not in body


@pytest.mark.bad_input(124)
def test_server_header_names_no_product_or_version(port: int) -> None:
    _, headers, _ = ask(port)
    assert headers["Server"] == "convoai"


@pytest.mark.bad_input(80)
def test_header_of_10_kB_reaches_the_application(port: int) -> None:
    request = b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + b"a" * 10_000
    status, _, _ = send(port, request + b"\r\nConnection: close\r\n\r\n")
    assert status == 200


@pytest.mark.bad_input(30)
@pytest.mark.parametrize(
    "start",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly a little",
        b"POST / HTTP/1.1\r\nHost: x\r\nX-Slow",
    ],
    ids=["body", "headers"],
)
def test_client_that_stops_sending_gives_the_thread_back(port: int, start: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as slow:
        slow.sendall(start)
        # The only thread is held by the slow client: an answer means that it was given back.
        status, _, _ = ask(port)
        assert status == 200


def test_refused_request_is_logged_without_its_words() -> None:
    port = free_port()
    command = ["-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    command += ["--log-level", "info", "tests.operations.echo:application"]
    with running(command) as process:
        wait_until_served(process, port)
        status, _, _ = send(port, b"GET /?q=canary\x01 HTTP/9.9\r\nX-canary\r\n\r\n")
        assert status == 400
        process.terminate()
        output, errors = process.communicate(timeout=60)
    assert "refused" in errors
    assert "canary" not in output + errors


def test_ctrl_c_ends_the_server_at_once_although_browsers_hold_connections() -> None:
    port = free_port()
    command = ["-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    # Hanging workers would be killed after so many seconds; the end must not have waited for that.
    command += ["--graceful-timeout", "60", "tests.operations.echo:application"]
    with running(command) as process:
        wait_until_served(process, port)
        browser = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        browser.request("GET", "/")
        browser.getresponse().read()
        began = time.monotonic()
        # From the terminal to every process, and by gunicorn once more to its workers.
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(90) == 0
        browser.close()
    assert time.monotonic() - began < 40
