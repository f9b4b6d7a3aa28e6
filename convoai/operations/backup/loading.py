"""Databases made for a restore, and the dump that is loaded into them."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from convoai.operations.backup.programs import Programs, run
from convoai.operations.backup.server import Server
from convoai.refusals import Refusal

# Told of each step what is being done.
Progress = Callable[[str], None]


def load_dump(
    dump: Path, target: Server, programs: Programs, progress: Progress = lambda what: None
) -> None:
    """Restore the dump into an empty database, all of it or nothing. Raises Refusal."""
    program = programs.folder / "pg_restore"
    listing = contents_of(dump, program, target)
    with tempfile.NamedTemporaryFile("w", suffix=".list") as wanted:
        # Extensions belong to the server's administrator: made where missing, never commented.
        wanted.writelines(
            line for line in listing if not re.match(r"\S+ \S+ \S+ .*EXTENSION", line)
        )
        wanted.flush()
        _make_extensions(target, listing)
        run(
            program,
            "--exit-on-error",
            "--single-transaction",
            "--no-owner",
            "--no-privileges",
            "--no-password",
            "--verbose",
            f"--use-list={wanted.name}",
            f"--dbname={target.address()}",
            dump,
            server=target,
            said=lambda line: progress(line.partition(": ")[2].strip()),
        )


def contents_of(dump: Path, program: Path, server: Server) -> list[str]:
    """The lines of the dump's table of contents. Raises Refusal when it is no dump."""
    result = subprocess.run(
        [program, "--list", dump],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=server.environment(),
    )
    if result.returncode:
        raise Refusal("damaged", f"{dump} is no dump that {program.name} can read.")
    return [f"{line}\n" for line in result.stdout.splitlines() if not line.startswith(";")]


@contextmanager
def new_database(server: Server, name: str) -> Iterator[None]:
    """Make a database beside the server's own; it is dropped again when the block fails."""
    with server.connect() as found:
        _execute(found, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield
    except BaseException:
        drop_database(server, name)
        raise


def drop_database(server: Server, name: str) -> None:
    """Drop a database that was made here, with whoever is still connected to it."""
    with server.connect() as found:
        _execute(
            found,
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)),
        )


def _make_extensions(target: Server, listing: list[str]) -> None:
    names = [found[1] for line in listing if (found := re.search(r" EXTENSION - (\S+) $", line))]
    with target.connect() as found:
        for name in names:
            _execute(
                found, sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name))
            )


def _execute(found: Any, statement: sql.Composed) -> None:
    try:
        with found.cursor() as cursor:
            cursor.execute(statement)
    except psycopg2.errors.InsufficientPrivilege as error:
        raise Refusal(
            "no_right",
            f"The role of DATABASE_URL may not do this ({_line(error)}): let an administrator of "
            "the server do `CREATE EXTENSION vector` in the database or in template1, and `ALTER "
            "ROLE … CREATEDB`.",
        ) from error
    except psycopg2.Error as error:
        raise Refusal("failed", f"The database refused: {_line(error)}.") from error


def _line(error: psycopg2.Error) -> str:
    return (str(error).strip().splitlines() or ["it gave no reason"])[0].rstrip(".")
