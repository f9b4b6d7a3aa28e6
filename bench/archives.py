"""A person's archive out and in: messages per second next to plain COPY, and peak memory.

Fills an account with made-up talks of each size, writes its archive by `manage.py export_archive`,
takes it into an empty account by `manage.py import_archive`, and loads the same rows by COPY alone,
with triggers and indexes in place. Each command is a process of its own.
"""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

from old_backend import EMAIL, copy_again, forget, run_command
from old_file import write_old_file


def measure_archive(sizes: list[int]) -> None:
    """A line for each number of messages."""
    from convoai.accounts.services import create_user

    print("| messages | out, messages/s | MB | file, MB | in, messages/s | of COPY | MB |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_old_file(folder / "old.duckdb", size)
            forget()
            run_command("import_duckdb", str(folder / "old.duckdb"))
            archive = folder / "archive.zip"
            went_out = run_command("export_archive", EMAIL, str(archive))
            forget()
            create_user(email=EMAIL, password=secrets.token_urlsafe(12))
            came_in = run_command("import_archive", str(archive))
            copied = copy_again(folder)
            file_size = archive.stat().st_size / 1e6
        print(
            f"| {size:,} | {size / went_out.seconds:,.0f} | {went_out.megabytes:,.0f} "
            f"| {file_size:,.1f} | {size / came_in.seconds:,.0f} "
            f"| {copied / came_in.seconds:.0%} | {came_in.megabytes:,.0f} |",
            flush=True,
        )
