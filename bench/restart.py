"""What people notice of a restart of the bundled PostgreSQL while they work.

    python bench/restart.py

Some clients ask for their partners all the while, PostgreSQL is restarted as `manage.py tune
--apply` does it, and every answer is counted.
"""

from __future__ import annotations

import argparse
import http.client
import threading
import time
from collections import Counter

import project
from server import running_server

EMAIL = "bench-restart@example.org"


def key_of_user() -> str:
    from convoai.accounts.models import User
    from convoai.accounts.services import create_api_key, create_user
    from partners.models import ConversationPartner

    User.objects.filter(email=EMAIL).delete()
    user = create_user(email=EMAIL, password="not-to-be-used-again")
    ConversationPartner.objects.create(user=user, name="Dana")
    return create_api_key(user=user, name="bench")[1]


class Client(threading.Thread):
    """Asks again and again; counts answers, and keeps the longest time one took."""

    def __init__(self, port: int, key: str, until: float) -> None:
        super().__init__()
        self.port, self.until = port, until
        self.headers = {"Authorization": f"Bearer {key}"}
        self.answers: Counter[int] = Counter()
        self.longest = 0.0

    def run(self) -> None:
        while time.monotonic() < self.until:
            begin = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("GET", "/api/partners/", headers=self.headers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            self.answers[answer.status] += 1
            self.longest = max(self.longest, time.monotonic() - begin)


def run(clients: int, seconds: float, restarts: int) -> None:
    from django.conf import settings
    from django.db import connection

    from convoai.database.bundled import restart

    key = key_of_user()
    connection.close()
    with running_server(SINGLE_USER="") as server:
        until = time.monotonic() + seconds * (restarts + 1)
        crowd = [Client(server.port, key, until) for _ in range(clients)]
        for client in crowd:
            client.start()
        pause = threading.Event()
        for _ in range(restarts):
            pause.wait(seconds)
            begin = time.monotonic()
            restart(settings.DATA_DIR, otherwise=lambda _: None)
            print(f"PostgreSQL was restarted in {time.monotonic() - begin:.1f} s")
        for client in crowd:
            client.join()
    counted = sum((client.answers for client in crowd), Counter[int]())
    told = ", ".join(f"{count:,} times {status}" for status, count in sorted(counted.items()))
    print(f"{told}; the longest took {max(client.longest for client in crowd):.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description="Count answers while PostgreSQL is restarted.")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5.0, help="before each restart")
    parser.add_argument("--restarts", type=int, default=3)
    options = parser.parse_args()
    project.set_up()
    run(options.clients, options.seconds, options.restarts)


if __name__ == "__main__":
    main()
