"""What a replica takes off the primary, and how far behind it is.

    python bench/replica.py --conversations 500 --clients 8 --seconds 5

Makes a user with talks and a streaming replica of the benchmark's own database, and sends the same
reads to a web server without and with DATABASE_REPLICA_URL. Both database servers share this
machine, so the requests per second say nothing of two machines; the processor time that each of
them spends on a request does.
"""

from __future__ import annotations

import argparse
import random
import time
from argparse import Namespace
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from threading import Timer

import project
from api import new_user
from processor import seconds_of
from second_server import Replica, asking, replica_of
from server import running_server
from traffic import measure, request

HEADINGS = ("request", "read from", "req/s", "p50 ms", "p95 ms", "primary CPU ms", "replica CPU ms")
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'convoai'"
WRITES = 200
DRILL_SECONDS = 15.0


def paths(user: object) -> dict[str, list[str]]:
    from conversations.models import Conversation
    from partners.models import ConversationPartner

    ids = list(Conversation.objects.owned_by(user).values_list("pk", flat=True))
    random.Random(1).shuffle(ids)
    partners = list(ConversationPartner.objects.owned_by(user).values_list("pk", flat=True))
    return {
        "detail": [f"/api/conversations/{pk}" for pk in ids],
        "talks of one partner": [f"/api/conversations?partner_id={pk}" for pk in partners],
        "search": [f"/api/search?q={word}" for word in ("garden", "work", "travel", "music")],
    }


def sender(found: list[str], key: str) -> Callable[[], bytes]:
    messages = cycle([request("GET", path, key) for path in found])
    return lambda: next(messages)


def print_lines(
    replica: str | None, address: str, key: str, routes: dict[str, list[str]], options: Namespace
) -> None:
    """Measure each route with a web server of its own settings; a line for each."""
    variables = {"DATABASE_REPLICA_URL": replica} if replica else {}
    with running_server(**variables) as server:
        for name, found in routes.items():
            before = database_seconds(address)
            got = measure(
                server.port, sender(found, key), clients=options.clients, seconds=options.seconds
            )
            used = [
                (now - then) / got.sent * 1000
                for now, then in zip(database_seconds(address), before, strict=True)
            ]
            where = "replica" if replica else "primary"
            figures = [got.per_second, got.p50, got.p95, *used]
            print(f"| {name} | {where} | {' | '.join(f'{one:.2f}' for one in figures)} |")


def survive(second: Replica, key: str, routes: dict[str, list[str]], options: Namespace) -> None:
    """Kill the replica under load and start it again; ends in SystemExit at any answer but 200."""
    found = [path for several in routes.values() for path in several]
    random.Random(2).shuffle(found)
    with running_server(DATABASE_REPLICA_URL=second.address) as server:
        away = [Timer(DRILL_SECONDS / 3, second.kill), Timer(DRILL_SECONDS * 2 / 3, second.start)]
        for timer in away:
            timer.start()
        got = measure(
            server.port, sender(found, key), clients=options.clients, seconds=DRILL_SECONDS
        )
        for timer in away:
            timer.join()
    print(
        f"\nThe replica was killed and started again under load: {got.sent} requests, all "
        f"answered 200, 95 % within {got.p95:.0f} ms"
    )


def database_seconds(replica: str) -> list[float]:
    """Processor time of the web server's connections to the primary, and to the replica."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(BACKENDS)
        here = seconds_of(pid for (pid,) in cursor.fetchall())
    connection.close()
    with asking(replica) as cursor:
        cursor.execute(BACKENDS)
        return [here, seconds_of(pid for (pid,) in cursor.fetchall())]


def delays(address: str, user: object) -> list[float]:
    """Milliseconds from the end of a commit on the primary until the replica shows it."""
    from partners.models import ConversationPartner
    from partners.services import update_partner

    partner = ConversationPartner.objects.owned_by(user).first()
    assert partner
    took = []
    with asking(address) as cursor:
        for number in range(WRITES):
            update_partner(partner=partner, changes={"notes": f"{number}"})
            begun = time.perf_counter()
            shown = None
            while shown != f"{number}":
                cursor.execute(
                    "SELECT notes FROM conversation_partners WHERE id = %s", [partner.pk]
                )
                shown = cursor.fetchone()[0]
            took.append((time.perf_counter() - begun) * 1000)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what a replica takes off the primary.")
    parser.add_argument("--conversations", type=int, default=500)
    parser.add_argument("--clients", type=int, default=8, help="how many at once; default: 8")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each route; default: 5")
    options = parser.parse_args()
    data_dir: Path = project.set_up()
    user, key = new_user(options.conversations)
    routes = paths(user)
    with replica_of(data_dir) as second:
        address = second.address
        print(f"\n| {' | '.join(HEADINGS)} |\n|---|---|{'--:|' * (len(HEADINGS) - 2)}")
        for replica in (None, address):
            print_lines(replica, address, key, routes, options)
        survive(second, key, routes, options)
        took = delays(address, user)
        cuts = quantiles(took, n=20)
        print(
            f"\n{WRITES} commits, ms until the replica showed each: median {median(took):.1f}, "
            f"95 % within {cuts[18]:.1f}, longest {max(took):.1f}"
        )


if __name__ == "__main__":
    main()
