"""Backup, verification and restore of a large database, next to plain pg_dump and pg_restore.

    python bench/scale.py --build --no-vectors   # once: 1,000,000 messages of 1,000 owners
    python bench/backup.py [--rounds 1]
    python bench/backup.py --deletes             # what the ledger adds to each deletion

Works in a data folder of its own: DATA_DIR, or `.data-bench`. Each step is a process; its time
includes its start, its memory is the most that it or one of its programs held; less than this
process itself holds cannot be told.
"""

from __future__ import annotations

import argparse
import os
import resource
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import project

MEGABYTE = 1_000_000
SIZES = (1, 20, 200)
DELETES = 60


class Cost(NamedTuple):
    seconds: float
    processor: float
    megabytes: float


def cost_of(*arguments: str | Path, environment: dict[str, str] | None = None) -> Cost:
    """Run a program to its end. Raises SystemExit with what it said when it fails."""
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={**os.environ, **(environment or {})},
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        if status:
            said.seek(0)
            raise SystemExit(f"{arguments[0]} failed:\n{said.read().decode()[-2000:]}")
    # Linux counts kilobytes.
    print(f"{seconds:.1f} s: {Path(arguments[0]).name} {arguments[1]} {arguments[2]}", flush=True)
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / MEGABYTE)


def manage(*arguments: str | Path) -> Cost:
    return cost_of(sys.executable, "manage.py", *arguments)


def one_round(folder: Path) -> dict[str, Cost]:
    """The costs of ours and of the plain programs, in this order: both find a warm cache."""
    from convoai.operations.backup.loading import drop_database, new_database
    from convoai.operations.backup.programs import find_programs
    from convoai.operations.backup.server import configured_server, major_of

    server = configured_server()
    with server.connect() as found:
        programs = find_programs(server, server_major=major_of(found)).folder
    plain = folder / "plain.dump"
    name = f"bench_{secrets.token_hex(4)}"
    address = f"--dbname={server.address()}"
    costs = {"pg_dump": cost_of(programs / "pg_dump", "-Fc", f"--file={plain}", address)}
    costs["backup"] = manage("backup", "--to", folder)
    (backup,) = folder.glob("convoai-*")
    print_sizes(plain, backup)
    try:
        with new_database(server, name):
            there = f"--dbname={server.named(name).address()}"
            costs["pg_restore"] = cost_of(
                programs / "pg_restore", "-1", "--no-comments", there, plain
            )
        drop_database(server, name)
        costs["verify_backup"] = manage("verify_backup", backup)
        costs["restore"] = manage("restore", backup, "--into", name, "--yes")
    finally:
        drop_database(server, name)
        from django.conf import settings

        media = Path(settings.MEDIA_ROOT)
        shutil.rmtree(media.with_name(f"{media.name}-{name}"), ignore_errors=True)
        shutil.rmtree(backup)
    return costs


def print_sizes(plain: Path, backup: Path) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database()), count(*) FROM messages")
        size, messages = cursor.fetchone()
    sizes = {file.name: file.stat().st_size for file in sorted(backup.iterdir())}
    print(f"{messages:,} messages, {size / MEGABYTE:,.0f} MB in PostgreSQL")
    print(f"pg_dump: {plain.stat().st_size / MEGABYTE:,.0f} MB; backup: ", end="")
    print(", ".join(f"{name} {size / MEGABYTE:,.1f} MB" for name, size in sizes.items()))


def measure(rounds: int) -> None:
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=os.environ["DATA_DIR"]) as folder:
            found.append(one_round(Path(folder).resolve()))
    print("\n| step | seconds | of the plain one | processor s | MB |\n|---|--:|--:|--:|--:|")
    # A process begins as a copy of the one that starts it.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE
    for name in found[0]:
        costs = [costs[name] for costs in found]
        peer = "pg_dump" if name in {"pg_dump", "backup"} else "pg_restore"
        ratio = statistics.median(one[name].seconds / one[peer].seconds for one in found)
        middle = [statistics.median(column) for column in zip(*costs, strict=True)]
        memory = f"{middle[2]:.0f}" if middle[2] > own * 1.02 else f"under {own:.0f}"
        print(f"| {name} | {middle[0]:.1f} | {ratio:.2f} | {middle[1]:.1f} | {memory} |")


def measure_deletes() -> None:
    """Milliseconds of a deletion with and without the ledger's triggers, by turns; rolled back."""
    from convoai.operations.backup.server import configured_server

    print("| deleted | rows along with it | without ledger, ms | with, ms | more |")
    print("|---|--:|--:|--:|--:|")
    with configured_server().connect() as found:
        found.autocommit = False
        for size in SIZES:
            show("messages", size, *both(found, "messages", messages_of(found, size)))
        talks = ids(found, "SELECT id FROM conversations ORDER BY random() LIMIT %s", DELETES)
        show("a talk", 20, *both(found, "conversations", [[one] for one in talks]))
        people = ids(
            found, "SELECT id FROM conversation_partners ORDER BY random() LIMIT %s", DELETES // 3
        )
        show("a person", 0, *both(found, "conversation_partners", [[one] for one in people]))


def messages_of(found: Any, size: int) -> list[list[int]]:
    numbers = ids(found, "SELECT id FROM messages ORDER BY random() LIMIT %s", DELETES // 3 * size)
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def ids(found: Any, query: str, count: int) -> list[int]:
    with found.cursor() as cursor:
        cursor.execute(query, [count])
        return [row[0] for row in cursor]


def both(found: Any, table: str, batches: list[list[int]]) -> tuple[float, float]:
    """The median without and with the ledger."""
    took: dict[str, list[float]] = {"on": [], "off": []}
    for number, batch in enumerate(batches):
        # Who comes first finds a colder cache.
        for state in ("on", "off") if number % 2 else ("off", "on"):
            with found.cursor() as cursor:
                cursor.execute("SELECT set_config('convoai.erasures', %s, true)", [state])
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                begin = time.perf_counter()
                cursor.execute(f"DELETE FROM {table} WHERE id = ANY (%s)", [batch])
                took[state].append((time.perf_counter() - begin) * 1000)
            found.rollback()
    return statistics.median(took["off"]), statistics.median(took["on"])


def show(what: str, rows: int, without: float, with_it: float) -> None:
    more = with_it / without - 1
    print(f"| {what} | {rows:,} | {without:.2f} | {with_it:.2f} | {more:+.0%} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure backups next to pg_dump.")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--deletes", action="store_true", help="measure the ledger instead")
    options = parser.parse_args()
    project.set_up()
    run: Callable[[], None] = (
        measure_deletes if options.deletes else lambda: measure(options.rounds)
    )
    run()


if __name__ == "__main__":
    main()
