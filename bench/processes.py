"""How many web processes and threads: answers per second at several settings, as ratios.

    python bench/processes.py --settings 1x8,2x4,2x8,2x16,4x8 --clients 16

Starts a server for each setting (processes x threads) at once and measures them by turns, so that
what else the machine does meets all of them. The ratios are medians over the rounds, against the
first setting. Memory is told after the first round, half-way and at last, to see whether it grows.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from statistics import median

import project
import psutil
from api import forget_new_talks, new_user, routes_of
from server import Server, running_server
from traffic import measure

NAMES = ("detail", "50 talks of one partner", "create")


def megabytes(server: Server) -> float:
    """What the processes of a server hold: their own, and their shares of what is shared."""
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    return float(sum(one.memory_full_info().pss for one in family)) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare numbers of processes and threads.")
    parser.add_argument("--settings", default="1x8,2x4,2x8,2x16,4x8")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--conversations", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    project.set_up()
    from conversations.models import Conversation

    user, key = new_user(options.conversations)
    last = Conversation.objects.owned_by(user).latest("pk").pk
    routes = [route for route in routes_of(user) if route.name in NAMES]
    names = options.settings.split(",")
    rates: dict[tuple[str, str], list[float]] = {}
    sizes: dict[str, list[float]] = {name: [] for name in names}
    sent = 0
    with ExitStack() as stack:
        servers = {}
        for name in names:
            processes, threads = name.split("x")
            servers[name] = stack.enter_context(
                running_server(
                    WEB_CONCURRENCY=processes, WEB_THREADS=threads, BACKGROUND_WORKER="0"
                )
            )
        for _ in range(options.rounds):
            for route in routes:
                for name in names:
                    got = measure(
                        servers[name].port,
                        route.requests(key),
                        clients=options.clients,
                        seconds=options.seconds,
                        status=route.status,
                    )
                    rates.setdefault((name, route.name), []).append(got.per_second)
                    sent += got.sent
            for name, server in servers.items():
                sizes[name].append(megabytes(server))
    forget_new_talks(user, last)
    titles = ("processes x threads", *NAMES, "MB at first", "half-way", "at last")
    print(f"| {' | '.join(titles)} |\n|---|{'--:|' * (len(titles) - 1)}")
    for name in names:
        shares = [
            median(
                mine / first
                for mine, first in zip(rates[name, route], rates[names[0], route], strict=True)
            )
            for route in NAMES
        ]
        held = sizes[name]
        memory = (held[0], held[len(held) // 2], held[-1])
        figures = [*(f"{one:.2f}" for one in shares), *(f"{one:.0f}" for one in memory)]
        print(f"| {name} | {' | '.join(figures)} |")
    rows = ", ".join(f"{route} {median(rates[names[0], route]):.0f}/s" for route in NAMES)
    print(f"\n1.00 is {rows}; {options.clients} clients; {sent:,} requests in all.")


if __name__ == "__main__":
    main()
