"""Requests per second and waiting times of the API under gunicorn, next to its SQL alone.

    python bench/api.py --conversations 2000 --clients 1,8,32 --seconds 3

Makes a user with the talks anew in the benchmark's own database, starts the server as `make run`
does, and prints a table for requests with an API key and one for single-user mode.
"""

from __future__ import annotations

import argparse
import json
import random
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, cycle
from statistics import median
from typing import TYPE_CHECKING

import project
from processor import spent
from server import Server, running_server
from sql_limit import captured_sql, statements_per_second
from traffic import measure, request

if TYPE_CHECKING:
    from convoai.accounts.models import User

EMAIL = "bench-api@example.org"
VARIANTS = 50

# Requests per second of the backend that convoai replaces, with 1 and 8 clients: 2 uvicorn
# workers, 2,000 conversations of 22 messages, a machine of 2 cores. Source: issue 2, section 9.
OLDER = {
    "detail": {1: 213.0, 8: 477.0},
    "50 talks of one partner": {1: 164.0, 8: 177.0},
    "all talks": {1: 3.0, 8: 5.9},
    "partners": {1: 438.0, 8: 852.0},
    "create": {1: 121.0, 8: 280.0},
}
HEADINGS = (
    *("request", "clients", "req/s", "p50 ms", "p95 ms", "KB", "server CPU ms", "database CPU ms"),
    *("SQL alone", "of it", "older", "times"),
)


@dataclass
class Route:
    """One line of the table: the (method, path, body) to send, again and again."""

    name: str
    messages: Iterator[tuple[str, str, bytes]]
    status: int = 200
    # What SQL some of these requests make.
    statements: list[list[str]] = field(default_factory=list)

    def requests(self, key: str) -> Callable[[], bytes]:
        return lambda: request(*self._next(key))

    def _next(self, key: str) -> tuple[str, str, str, bytes]:
        method, path, body = next(self.messages)
        return method, path, key, body


def routes_of(user: User) -> list[Route]:
    from talks import new_talk

    from conversations.models import Conversation
    from partners.models import ConversationPartner

    ids = list(Conversation.objects.owned_by(user).values_list("pk", flat=True))
    random.Random(1).shuffle(ids)
    partners = list(ConversationPartner.objects.owned_by(user).values_list("pk", flat=True))
    talks = (new_talk(partners[number % len(partners)], number) for number in count())
    lists = [f"/api/conversations?partner_id={pk}" for pk in partners]
    return [
        Route("detail", cycle([("GET", f"/api/conversations/{pk}", b"") for pk in ids])),
        Route("50 talks of one partner", cycle([("GET", path, b"") for path in lists])),
        Route("all talks", cycle([("GET", "/api/conversations", b"")])),
        Route("partners", cycle([("GET", "/api/partners", b"")])),
        # Last, because it adds to what the others read.
        Route(
            "create",
            (("POST", "/api/conversations", json.dumps(talk).encode()) for talk in talks),
            status=201,
        ),
    ]


def new_user(conversations: int) -> tuple[User, str]:
    """The benchmark's user with nothing but the talks of this run, and a key."""
    from django.db import connection
    from talks import fill

    from convoai.accounts.models import User
    from convoai.accounts.services import create_api_key, create_user

    User.objects.filter(email=EMAIL).delete()
    user = create_user(email=EMAIL, password=f"{random.getrandbits(128):x}")
    fill(user, conversations)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return user, create_api_key(user=user, name="bench")[1]


def capture_statements(key: str, routes: list[Route]) -> None:
    """Note what SQL the requests make, for some rows of each route."""
    from django.db import connection
    from rest_framework.test import APIClient

    api = APIClient(HTTP_HOST="localhost", HTTP_AUTHORIZATION=f"Bearer {key}")
    api.get("/api/auth/me")  # which notes the use of the key

    def send(method: str, path: str, body: bytes) -> Callable[[], object]:
        return lambda: api.generic(method, path, body.decode(), content_type="application/json")

    for route in routes:
        route.statements = [captured_sql(send(*next(route.messages))) for _ in range(VARIANTS)]
    connection.close()


def print_table(
    title: str,
    server: Server,
    routes: list[Route],
    key: str,
    clients: list[int],
    options: Namespace,
) -> None:
    print(f"\n{title}\n\n| {' | '.join(HEADINGS)} |\n|---|{'--:|' * (len(HEADINGS) - 1)}")
    for route in routes:
        for number in clients:
            print(f"| {' | '.join(line(route, number, server, key, options))} |", flush=True)


def line(route: Route, clients: int, server: Server, key: str, options: Namespace) -> list[str]:
    """One line of the table, measured now: the medians of some rounds.

    Each round measures the API and its SQL one after the other, so that what else the machine
    does meets both.
    """
    rates, p50s, p95s, limits, shares, server_ms, database_ms = [], [], [], [], [], [], []
    size = 0
    for _ in range(options.rounds):
        limit = statements_per_second(route.statements, clients, options.seconds / 2)
        before = spent(server.pid)
        got = measure(
            server.port,
            route.requests(key),
            clients=clients,
            seconds=options.seconds,
            status=route.status,
        )
        used = spent(server.pid).since(before)
        size = got.answer_bytes
        rates.append(got.per_second)
        p50s.append(got.p50)
        p95s.append(got.p95)
        limits.append(limit)
        shares.append(got.per_second / limit)
        server_ms.append(used.server / got.sent * 1000)
        database_ms.append(used.database / got.sent * 1000)
    rate, older = median(rates), OLDER[route.name].get(clients)
    return [
        route.name,
        str(clients),
        f"{rate:.1f}" if rate < 100 else f"{rate:.0f}",
        f"{median(p50s):.1f}",
        f"{median(p95s):.1f}",
        f"{size / 1000:.1f}",
        f"{median(server_ms):.2f}",
        f"{median(database_ms):.2f}",
        f"{median(limits):.0f}",
        f"{median(shares):.0%}",
        f"{older:g}" if older else "–",
        f"{rate / older:.1f}" if older else "–",
    ]


def forget_new_talks(user: User, last: int) -> None:
    """Take back what measuring `create` added, so that lists stay as long as they were."""
    from django.db import connection

    from conversations.models import Conversation

    Conversation.objects.owned_by(user).filter(pk__gt=last).delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the API under gunicorn.")
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--clients", default="1,8,32", help="how many at once; default: 1,8,32")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each round; default: 3")
    parser.add_argument("--rounds", type=int, default=3, help="take medians of so many; default: 3")
    parser.add_argument("--only", default="", help="measure only routes whose name holds this")
    parser.add_argument("--no-single-user", action="store_true", help="only with an API key")
    options = parser.parse_args()
    clients = [int(number) for number in options.clients.split(",")]
    project.set_up()
    from conversations.models import Conversation

    user, key = new_user(options.conversations)
    last = Conversation.objects.owned_by(user).latest("pk").pk
    routes = [route for route in routes_of(user) if options.only in route.name]
    capture_statements(key, routes)
    forget_new_talks(user, last)
    size = f"{options.conversations:,} conversations of 22 messages, 40 partners"
    modes = [("with an API key", "", key)]
    if not options.no_single_user:
        modes.append(("single-user mode", EMAIL, ""))
    for mode, single_user, token in modes:
        with running_server(SINGLE_USER=single_user) as server:
            print_table(f"{size}; {mode}", server, routes, token, clients, options)
        forget_new_talks(user, last)


if __name__ == "__main__":
    main()
