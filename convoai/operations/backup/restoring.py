"""A backup into an empty database: planned first, then applied as a whole or not at all."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from convoai.operations.backup.comparing import compare_tables
from convoai.operations.backup.digests import table_names
from convoai.operations.backup.files import describe
from convoai.operations.backup.manifest import (
    DUMP,
    PICTURES,
    Manifest,
    find_backup,
    read_manifest,
    rows_of,
)
from convoai.operations.backup.pictures import conflicts, move, unpack
from convoai.operations.backup.programs import Programs, find_programs, run
from convoai.operations.backup.server import Server, major_of, value_of
from convoai.refusals import Refusal
from convoai.storage.storage import Storage, StorageProblem

# Told of each step what is being done.
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What a restore would do; nothing has been changed yet."""

    folder: Path
    manifest: Manifest
    # The database to fill, and whether it has to be made.
    target: Server
    is_new: bool
    # The configured database, from which a new one is made.
    server: Server
    media: Storage
    programs: Programs

    def lines(self) -> Iterator[str]:
        """The plan for a person."""
        contents = self.manifest
        yield f"backup    {self.folder}, made {contents['made_at']} by {contents['program']}"
        yield f"          of PostgreSQL {contents['server']['version']}"
        what = "a new database" if self.is_new else "the empty database"
        yield f"into      {what} {self.target.name}, with pg_restore {self.programs.version}"
        yield f"rows      {rows_of(contents):,} in {len(contents['tables'])} tables"
        yield f"pictures  {contents['pictures']['count']:,}, into {self.media.where}"


def plan_restore(*, server: Server, path: Path, media: Storage, into: str | None) -> Plan:
    """Look at the backup and at where it shall go: the server's empty database, or a new one.

    `into` is the name of a new database; its pictures go beside `media`. Raises Refusal when the
    backup is damaged, the database is not empty, or there is one of the new name.
    """
    folder = find_backup(path)
    manifest = read_manifest(folder)
    for problem in damages(folder, manifest):
        raise Refusal("damaged", f"{problem}: use another backup.")
    with server.connect() as found:
        major = major_of(found)
        if into is None:
            _require_empty(found, server)
        else:
            _require_free(found, into)
            media = media.beside(into)
    programs = find_programs(server, server_major=major, dump_major=dump_major(manifest))
    return Plan(
        folder=folder,
        manifest=manifest,
        target=server.named(into) if into else server,
        is_new=into is not None,
        server=server,
        media=media,
        programs=programs,
    )


def damages(folder: Path, manifest: Manifest) -> Iterator[str]:
    """One sentence for each file that is not as the manifest says."""
    for name in (DUMP, PICTURES):
        if not (folder / name).is_file():
            yield f"{folder / name} is missing"
        elif describe(folder / name) != manifest["files"].get(name):
            yield f"{folder / name} is damaged: its size or digest is not the manifest's"


def dump_major(manifest: Manifest) -> int:
    """The version of the pg_dump that made the backup."""
    found = re.search(r"\d+", manifest["program"])
    return int(found[0]) if found else 0


def apply(plan: Plan, *, progress: Progress = lambda what: None) -> list[str]:
    """Do what the plan says; return what differs from the manifest afterwards (nothing, normally).

    A restore that fails leaves an empty database empty, and no new one. Raises Refusal.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=plan.media.workplace) as staging:
            # First, because a full disk is noticed here without any harm.
            names = unpack(plan.folder / PICTURES, Path(staging))
            other = conflicts(Path(staging), names, plan.media)
            if other:
                raise Refusal(
                    "not_empty",
                    f"{len(other)} pictures are in {plan.media.where} already with another "
                    "content: move them away, then restore again.",
                )
            with new_database(plan.server, plan.target.name) if plan.is_new else nullcontext():
                load_dump(plan.folder / DUMP, plan.target, plan.programs, progress)
            move(Path(staging), names, plan.media)
    except StorageProblem as problem:
        raise Refusal("unwritable", f"The pictures cannot be written: {problem}") from None
    except OSError as error:
        raise Refusal(
            "unwritable",
            f"The pictures cannot be written to {plan.media.where} ({error.strerror or error}): "
            "make room, then restore again.",
        ) from error
    with plan.target.connect() as found:
        return list(compare_tables(found, plan.manifest, step=progress))


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


def _require_empty(found: Any, server: Server) -> None:
    tables = table_names(found)
    if tables:
        raise Refusal(
            "not_empty",
            f"The database {server.name} is not empty ({len(tables)} tables): restore beside it "
            "with --into NAME, or into a new database.",
        )


def _require_free(found: Any, name: str) -> None:
    if not 0 < len(name.encode()) < 64:
        raise Refusal("bad_name", "--into takes the name of a database, of 1 to 63 bytes.")
    if value_of(found, "SELECT true FROM pg_database WHERE datname = %s", name):
        raise Refusal("exists", f"There is a database {name} already: give --into another name.")
