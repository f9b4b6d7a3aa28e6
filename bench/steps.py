"""What more web processes and PgBouncer buy and cost: requests, processors, connections, memory.

    python bench/steps.py --processes 1,2,4 --clients 64 --seconds 3 --rounds 2

Makes talks as bench/api.py does, then starts the web server with so many processes, straight at
PostgreSQL and through PgBouncer (Debian's package `pgbouncer`), one after the other in each round.
Prints the medians. Works in the bundled database of DATA_DIR, or `.data-bench`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import project
import psutil
from api import Route, forget_new_talks, new_user, routes_of
from processor import spent
from server import Server, free_port, running_server
from traffic import measure

PROGRAM = shutil.which("pgbouncer", path=f"/usr/sbin:/usr/local/sbin:{os.environ.get('PATH', '')}")
CONFIGURATION = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {pool}
max_client_conn = 500
"""
MB = 1_000_000
BATCHES, BATCH = 400, 20
HEADINGS = (
    *("processes", "way", "request", "req/s", "p50 ms", "p95 ms", "web CPU ms", "database CPU ms"),
    *("pooler CPU ms", "connections", "MB each", "web MB each"),
)


@dataclass
class Line:
    """One line of the table: a list of figures for each column, one figure a round."""

    processes: int
    way: str
    request: str
    figures: dict[str, list[float]] = field(default_factory=dict)

    def note(self, **figures: float) -> None:
        for name, value in figures.items():
            self.figures.setdefault(name, []).append(value)

    def cells(self) -> list[str]:
        middle = {name: median(values) for name, values in self.figures.items()}
        return [
            *(str(self.processes), self.way, self.request, f"{middle['rate']:.0f}"),
            *(f"{middle['p50']:.0f}", f"{middle['p95']:.0f}"),
            *(f"{middle['web']:.2f}", f"{middle['database']:.2f}", f"{middle['pooler']:.2f}"),
            *(f"{middle['connections']:.0f}", f"{middle['each']:.1f}", f"{middle['memory']:.0f}"),
        ]


@contextmanager
def pgbouncer(pool: int) -> Iterator[tuple[int, dict[str, str]]]:
    """Its process number, and the variables that lead convoai through it."""
    from django.db import connection

    from convoai.database.place import find_place
    from convoai.database.server_user import user_for

    values = connection.settings_dict
    user = user_for(find_place(Path(values["BUNDLED_DATA_DIR"])).home)
    host, listen, role = str(values["HOST"]), free_port(), values["USER"]
    direct = f"postgresql://{role}@{host.replace('/', '%2F')}:{values['PORT']}/{values['NAME']}"
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
        file.write(
            CONFIGURATION.format(
                host=host, port=values["PORT"], user=role, listen=listen, pool=pool
            )
        )
        file.flush()
        os.chmod(file.name, 0o644)
        process = subprocess.Popen(
            [str(PROGRAM), "--quiet", file.name],
            user=user.uid if user else None,
            group=user.gid if user else None,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield (
                process.pid,
                {
                    "DATABASE_URL": f"postgresql://{role}@127.0.0.1:{listen}/{values['NAME']}",
                    "DATABASE_DIRECT_URL": direct,
                    "DB_POOLER": "transaction",
                },
            )
        finally:
            process.kill()
            process.wait()


def cost_of_limits() -> tuple[float, float]:
    """Microseconds of a `SELECT 1`, alone and with time limits as behind a pooler.

    The fastest of many short batches, by turns: what else the machine does makes them only slower.
    """
    import psycopg2
    from django.db import connection

    from convoai.database.configuration import TIMEOUTS
    from convoai.database.pooler import limiting_cursor

    limits = "".join(f"SET LOCAL {name} = {int(web * 1000)}; " for name, _, web, _ in TIMEOUTS)
    parameters = connection.get_connection_params()
    both = []
    for extra in ({}, {"cursor_factory": limiting_cursor(limits)}):
        found = psycopg2.connect(**{**parameters, **extra})
        found.autocommit = True
        both.append(found.cursor())
    best = [float("inf"), float("inf")]
    for _ in range(BATCHES):
        for number, cursor in enumerate(both):
            begin = time.perf_counter()
            for _ in range(BATCH):
                cursor.execute("SELECT 1")
            best[number] = min(best[number], (time.perf_counter() - begin) / BATCH * 1e6)
    return best[0], best[1]


def note(
    line: Line, route: Route, server: Server, pooler: int, key: str, options: Namespace
) -> None:
    """Measure one route now, and note the figures; `pooler` is a process, or 0."""
    before, busy = spent(server.pid), seconds_of(pooler)
    got = measure(
        server.port,
        route.requests(key),
        clients=options.clients,
        seconds=options.seconds,
        status=route.status,
    )
    used = spent(server.pid).since(before)
    backends = connections()
    line.note(
        rate=got.per_second,
        p50=got.p50,
        p95=got.p95,
        web=used.server / got.sent * 1000,
        database=used.database / got.sent * 1000,
        pooler=(seconds_of(pooler) - busy) / got.sent * 1000,
        connections=len(backends),
        each=median(map(own_memory, backends)) / MB,
        memory=median(own_memory(pid) for pid in web_processes(server.pid)) / MB,
    )


def connections() -> list[int]:
    """The processes of PostgreSQL that serve the web."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'convoai'"
            " AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def web_processes(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children()]


def own_memory(pid: int) -> float:
    """Bytes that would be free without this process."""
    return float(psutil.Process(pid).memory_full_info().uss)


def seconds_of(pid: int) -> float:
    if not pid:
        return 0.0
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure more processes, and PgBouncer.")
    parser.add_argument("--processes", default="1,2,4", help="default: 1,2,4")
    parser.add_argument("--clients", type=int, default=64, help="requests under way; default: 64")
    parser.add_argument("--pool", type=int, default=8, help="connections of PgBouncer; default: 8")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure; default: 3")
    parser.add_argument("--rounds", type=int, default=2, help="take medians of so many; default: 2")
    parser.add_argument("--conversations", type=int, default=500)
    options = parser.parse_args()
    if PROGRAM is None:
        raise SystemExit("PgBouncer is not installed: apt-get install pgbouncer.")
    project.set_up()
    alone, limited = cost_of_limits()
    print(f"SELECT 1: {alone:.0f} µs, with time limits of its own: {limited:.0f} µs\n", flush=True)
    from conversations.models import Conversation

    user, key = new_user(options.conversations)
    last = Conversation.objects.owned_by(user).latest("pk").pk
    lines: dict[tuple[int, str, str], Line] = {}
    for _ in range(options.rounds):
        for processes in map(int, options.processes.split(",")):
            for way in ("direct", f"PgBouncer, {options.pool}"):
                with pgbouncer(options.pool) as (pid, variables):
                    is_direct = way == "direct"
                    with running_server(
                        WEB_CONCURRENCY=str(processes),
                        BACKGROUND_WORKER="0",
                        **({} if is_direct else variables),
                    ) as server:
                        for route in routes_of(user):
                            if route.name in {"detail", "create"}:
                                place = (processes, way, route.name)
                                line = lines.setdefault(place, Line(*place))
                                note(line, route, server, 0 if is_direct else pid, key, options)
                forget_new_talks(user, last)
    print(f"| {' | '.join(HEADINGS)} |\n|{'--:|' * len(HEADINGS)}")
    for line in lines.values():
        print(f"| {' | '.join(line.cells())} |")


if __name__ == "__main__":
    main()
