"""Where the time of one request goes, in milliseconds, with one client.

Taken is the time that nine of ten requests exceed, which other work on the machine bends least.

    python bench/parts.py

Works on what bench/api.py left in the benchmark's database.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from itertools import cycle
from typing import Any

import project
from api import EMAIL, routes_of
from server import running_server
from sql_limit import captured_sql, connection_words, run_once
from traffic import measure, request

TIMES = {"detail": 600, "50 talks of one partner": 400, "all talks": 30, "partners": 800}
HEADINGS = ("request", "over HTTP", "gunicorn", "middleware", "SQL", "the rest: ORM, rows, JSON")


def quick_ms(times: int, function: Callable[[], Any]) -> float:
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        function()
        took.append((time.perf_counter() - begin) * 1000)
    return statistics.quantiles(took, n=10)[0]


def in_process(method: str, path: str, key: str) -> Callable[[], None]:
    """The same request given to the WSGI application itself."""
    from convoai.wsgi import application

    where, _, query = path.partition("?")

    def send() -> None:
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": where,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": f"Bearer {key}",
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
            "wsgi.errors": sys.stderr,
        }
        response = application(environ, lambda status, headers, error=None: lambda data: None)
        b"".join(response)
        response.close()

    return send


def main() -> None:
    project.set_up()
    import psycopg2
    from rest_framework.test import APIClient

    from convoai.accounts.models import User
    from convoai.accounts.services import create_api_key

    user = User.objects.filter(email=EMAIL).first()
    if user is None:
        raise SystemExit("Run bench/api.py first: this measures what it leaves.")
    key = create_api_key(user=user, name="parts")[1]
    api = APIClient(HTTP_HOST="localhost", HTTP_AUTHORIZATION=f"Bearer {key}")
    middleware = quick_ms(2000, in_process("GET", "/health", ""))
    print(f"| {' | '.join(HEADINGS)} |\n|---|{'--:|' * (len(HEADINGS) - 1)}")
    with running_server(SINGLE_USER="") as server, psycopg2.connect(**connection_words()) as alone:
        alone.autocommit = True
        cursor = alone.cursor()
        for route in routes_of(user):
            if route.name not in TIMES:
                continue
            _, path, _ = next(route.messages)
            statements = captured_sql(partial(api.get, path))
            times = TIMES[route.name]
            sql = quick_ms(times, partial(run_once, cursor, statements))
            whole = quick_ms(times, in_process("GET", path, key))
            same = cycle([request("GET", path, key)]).__next__
            http = measure(server.port, same, clients=1, seconds=4).p10
            parts = (http, http - whole, middleware, sql, whole - sql - middleware)
            print(f"| {route.name} | {' | '.join(f'{part:.2f}' for part in parts)} |", flush=True)


if __name__ == "__main__":
    main()
