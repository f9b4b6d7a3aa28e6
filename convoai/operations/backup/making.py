"""A backup: one look at the database, the pictures, and a manifest that says what is in them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2

from convoai.operations.backup.digests import SESSION, digest_tables, table_names
from convoai.operations.backup.files import describe, locked, sync
from convoai.operations.backup.keeping import remove_leftovers
from convoai.operations.backup.manifest import (
    DUMP,
    ERASURES,
    PICTURES,
    Manifest,
    write_manifest,
)
from convoai.operations.backup.pictures import pack
from convoai.operations.backup.programs import Programs, find_programs, run
from convoai.operations.backup.server import Server, major_of, value_of
from convoai.operations.backup.structure import read_structure
from convoai.operations.erasures.ledger import Copy, Ledger, merged, read_database, write_copy
from convoai.refusals import Refusal
from convoai.storage.storage import Storage, StorageProblem

# Told how many steps there are when that is known, and of each step what is being done.
Progress = Callable[[int, str], None]


@dataclass(frozen=True)
class Backup:
    """A finished backup."""

    folder: Path
    manifest: Manifest
    remarks: list[str]


def make_backup(
    *,
    server: Server,
    media: Storage,
    to: Path,
    known: Ledger | None = None,
    progress: Progress = lambda total, what: None,
) -> Backup:
    """Back the database and the pictures in `media` up into a new folder in `to`.

    `known` is what is known of deletions beside the database's own ledger. The folder is there
    when the backup is complete, and not before. Raises Refusal.
    """
    try:
        to.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(to):
            remove_leftovers(to)
            with new_folder(to) as (draft, final):
                manifest, remarks = _fill(draft, server, media, known or {}, progress)
    except StorageProblem as problem:
        raise Refusal("unreadable", f"The pictures cannot be read: {problem}") from None
    except OSError as error:
        raise Refusal(
            "unwritable",
            f"The backup cannot be written to {to} ({error.strerror or error}): make room, or "
            "choose another folder with --to.",
        ) from error
    return Backup(final, manifest, remarks)


@contextmanager
def new_folder(to: Path) -> Iterator[tuple[Path, Path]]:
    """A private folder to fill, which gets its final name (the second path) if all goes well."""
    final = to / f"convoai-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    draft = Path(tempfile.mkdtemp(prefix=".partial-", dir=to))
    try:
        yield draft, final
        sync(draft)
        draft.rename(final)
        sync(to)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _fill(
    draft: Path, server: Server, media: Storage, known: Ledger, progress: Progress
) -> tuple[Manifest, list[str]]:
    with server.connect() as found:
        programs = find_programs(server, server_major=major_of(found))
        try:
            with found.cursor() as cursor:
                cursor.execute(SESSION)
                # Whatever is written meanwhile: dump and digests see this moment.
                cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = value_of(found, "SELECT pg_export_snapshot()")
            moment = datetime.now(UTC)
            stored = list(media.files())
            total = 2 * len(table_names(found)) + len(stored)
            # At once, because a picture may be removed from now on.
            packed = pack(media, stored, draft / PICTURES, step=lambda: progress(total, "pictures"))
            ledger = merged(known, read_database(found) or {})
            write_copy(draft / ERASURES, Copy(moment, ledger))
            _dump(draft / DUMP, server, programs, snapshot, lambda what: progress(total, what))
            tables = {}
            for name, counted in digest_tables(found):
                tables[name] = counted
                progress(total, f"digest of {name}")
            contents: dict[str, Any] = {
                "made_at": moment.isoformat(timespec="seconds"),
                "server": _server(found, server),
                "program": f"pg_dump {programs.version}",
                "files": {name: describe(draft / name) for name in (DUMP, PICTURES, ERASURES)},
                "pictures": {"count": len(packed), "missing": _missing(found, packed)},
                "tables": tables,
                "structure": read_structure(found),
            }
        except psycopg2.Error as error:
            raise Refusal("failed", _said(error)) from error
    write_manifest(draft, contents)
    return contents, _remarks(contents, programs)


def _dump(
    file: Path, server: Server, programs: Programs, snapshot: str, step: Callable[[str], None]
) -> None:
    def said(line: str) -> None:
        _, dumping, table = line.partition("dumping contents of table ")
        if dumping:
            step(f"dump of {table.strip()}")

    run(
        programs.folder / "pg_dump",
        "--format=custom",
        # A third of the time of the default, for a seventh more bytes.
        "--compress=3",
        "--verbose",
        "--no-password",
        f"--snapshot={snapshot}",
        f"--file={file}",
        f"--dbname={server.address()}",
        server=server,
        said=said,
    )
    os.chmod(file, 0o600)
    sync(file)


def _server(found: Any, server: Server) -> dict[str, str]:
    return {
        "version": value_of(found, "SHOW server_version"),
        "vector": value_of(found, "SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        or "",
        "encoding": value_of(found, "SHOW server_encoding"),
        "database": server.name,
    }


def _missing(found: Any, packed: list[str]) -> int:
    """How many pictures that partners name were not there."""
    query = """SELECT count(*) FROM public.conversation_partners
               WHERE image_path LIKE 'faces/%%' AND image_path <> ALL (%s::text[])"""
    if value_of(found, "SELECT to_regclass('public.conversation_partners')") is None:
        return 0
    return int(value_of(found, query, packed))


def _remarks(contents: dict[str, Any], programs: Programs) -> list[str]:
    remarks = []
    major = int(contents["server"]["version"].split(".")[0])
    if programs.major != major:
        remarks.append(
            f"pg_dump {programs.version} was used for PostgreSQL {contents['server']['version']}: "
            f"to restore, pg_restore {programs.major} or newer is needed."
        )
    if contents["pictures"]["missing"]:
        remarks.append(
            f"{contents['pictures']['missing']} pictures that partners name are not in {PICTURES}: "
            "they were not where pictures are kept."
        )
    return remarks


def _said(error: psycopg2.Error) -> str:
    lines = str(error).strip().splitlines()
    return f"The database refused: {lines[0].rstrip('.') if lines else 'it gave no reason'}."
