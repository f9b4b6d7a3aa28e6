"""From the older backend and back: messages per second next to plain COPY, and peak memory.

Makes a file of the older backend of each size, imports it by `manage.py import_duckdb`, exports
it by `manage.py export_duckdb`, and loads the same rows by COPY alone, with triggers and indexes
in place. Each command is a process of its own, whose peak memory is read from the system.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from old_file import write_old_file

EMAIL = "bench@example.org"
# What COPY is given: what an import stores of each table, without what the database writes.
LOADED = {
    "users": "id, email, username, hashed_password, is_active, is_staff, is_superuser, created_at",
    "conversation_partners": "id, user_id, name, created_at",
    "conversations": "id, user_id, partner_id, title, is_analyzed, started_at, source, "
    "embedding, embedding_model, created_at",
    "messages": 'id, user_id, conversation_id, "position", sender, speaker, content, '
    '"timestamp", created_at',
}


@dataclass
class Run:
    """Seconds, and the most memory that the process held, in megabytes."""

    seconds: float
    megabytes: float


def run_command(*arguments: str) -> Run:
    """`manage.py arguments` in a process of its own. Raises SystemExit when it fails."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ,
    )
    assert process.stderr
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"manage.py {' '.join(arguments)} failed: {said.decode()}")
    # Kilobytes on Linux, bytes on macOS.
    scale = 1e6 if sys.platform == "darwin" else 1e3
    return Run(time.perf_counter() - begin, usage.ru_maxrss / scale)


def forget() -> None:
    """Remove the benchmark's user with everything."""
    from django.db import connection

    # Children first: a cascade runs the triggers once for every parent.
    with connection.cursor() as cursor:
        for table in reversed(LOADED):
            column = "id" if table == "users" else "user_id"
            cursor.execute(
                f"DELETE FROM {table} WHERE {column} IN (SELECT id FROM users WHERE email = %s)",
                [EMAIL],
            )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def copy_again(folder: Path) -> float:
    """Seconds that COPY takes for the rows that are there, which are written out and removed."""
    from django.db import connection, transaction

    for table, columns in LOADED.items():
        owner = "email = 'bench@example.org'"
        if table != "users":
            owner = f"user_id = (SELECT id FROM users WHERE {owner})"
        with (folder / table).open("wb") as file, connection.cursor() as cursor:
            cursor.copy_expert(
                f"COPY (SELECT {columns} FROM {table} WHERE {owner} ORDER BY id) TO STDOUT", file
            )
    forget()
    begin = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for table, columns in LOADED.items():
            with (folder / table).open("rb") as file:
                cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", file)
    seconds = time.perf_counter() - begin
    forget()
    return seconds


def measure_duckdb(sizes: list[int]) -> None:
    """A line for each number of messages."""
    print("| messages | import, messages/s | of COPY | MB | export, messages/s | MB | again, s |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_old_file(folder / "old.duckdb", size)
            forget()
            came_in = run_command("import_duckdb", str(folder / "old.duckdb"))
            again = run_command("import_duckdb", str(folder / "old.duckdb"))
            went_out = run_command("export_duckdb", str(folder / "out.duckdb"))
            copied = copy_again(folder)
        print(
            f"| {size:,} | {size / came_in.seconds:,.0f} | {copied / came_in.seconds:.0%} "
            f"| {came_in.megabytes:,.0f} | {size / went_out.seconds:,.0f} "
            f"| {went_out.megabytes:,.0f} | {again.seconds:.1f} |",
            flush=True,
        )
