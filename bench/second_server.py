"""A streaming replica of the benchmark's bundled PostgreSQL, on this machine, while needed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2


@dataclass(frozen=True)
class Replica:
    """Its address, and what runs pg_ctl for it."""

    address: str
    control: Callable[..., None]

    def kill(self) -> None:
        self.control("stop", "--mode=immediate")

    def start(self) -> None:
        self.control("start")


@contextmanager
def replica_of(data_dir: Path) -> Iterator[Replica]:
    """Copy the running cluster with pg_basebackup and let it follow.

    Raises SystemExit with what PostgreSQL said when that does not work.
    """
    from django.db import connection

    from convoai.database import bundled
    from convoai.database.binaries import run_program
    from convoai.database.cluster import SUPERUSER, make_home, write_configuration
    from convoai.database.place import DATABASE, PORT, ROLE, find_place

    connection.close()
    bundled.stop(data_dir)
    primary = bundled.start(data_dir)  # with a pg_hba.conf that lets replicas in
    folder = Path(tempfile.mkdtemp(prefix="convoai-bench-"))
    folder.chmod(0o755)
    place = find_place(folder)
    user = make_home(place)

    def run(program: str, *arguments: str) -> None:
        result = run_program(program, *arguments, cwd=place.home, user=user)
        if result.returncode:
            raise SystemExit(f"{program} failed: {result.stderr or result.stdout}")

    try:
        run(
            "pg_basebackup",
            f"--host={primary.socket_dir}",
            f"--port={PORT}",
            f"--username={SUPERUSER}",
            f"--pgdata={place.cluster}",
            "--write-recovery-conf",
            "--checkpoint=fast",
        )
        write_configuration(place, user)
        where = (f"--pgdata={place.cluster}", "--wait", f"--log={place.log}")
        host = str(place.socket_dir).replace("/", "%2F")
        replica = Replica(
            f"postgresql://{ROLE}@{host}:{PORT}/{DATABASE}",
            lambda *arguments: run("pg_ctl", *arguments, *where),
        )
        replica.start()
        try:
            yield replica
        finally:
            replica.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def asking(address: str) -> Iterator[Any]:
    """A cursor in autocommit."""
    connection = psycopg2.connect(address)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()
