"""A backup into an empty database: planned first, then applied as a whole or not at all."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convoai.operations.backup.comparing import compare_tables
from convoai.operations.backup.digests import table_names
from convoai.operations.backup.files import describe
from convoai.operations.backup.loading import load_dump, new_database
from convoai.operations.backup.manifest import (
    DUMP,
    PICTURES,
    Manifest,
    files_of,
    find_backup,
    read_manifest,
    rows_of,
)
from convoai.operations.backup.pictures import conflicts, move, unpack
from convoai.operations.backup.programs import Programs, find_programs
from convoai.operations.backup.server import Server, major_of, value_of
from convoai.operations.backup.trial import Trial, try_out
from convoai.operations.erasures.ledger import Copy, write_copy
from convoai.operations.erasures.replaying import Replayed, replay, undo
from convoai.operations.erasures.sources import Known, find_ledger
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
    # What was deleted, the file that says so beside the live database, and whether it stays here.
    known: Known
    file: Path
    with_erased: bool
    days: int

    def lines(self) -> Iterator[str]:
        """The plan for a person."""
        contents = self.manifest
        yield f"backup    {self.folder}, made {contents['made_at']} by {contents['program']}"
        yield f"          of PostgreSQL {contents['server']['version']}"
        what = "a new database" if self.is_new else "the empty database"
        yield f"into      {what} {self.target.name}, with pg_restore {self.programs.version}"
        yield f"rows      {rows_of(contents):,} in {len(contents['tables'])} tables"
        yield f"pictures  {contents['pictures']['count']:,}, into {self.media.where}"
        told = self.known.lines(contents, with_erased=self.with_erased, days=self.days)
        for head, line in zip(["erased", *[""] * len(told)], told, strict=False):
            yield f"{head:<9} {line}"


@dataclass(frozen=True)
class Restored:
    """What came of it: `wrong` has one sentence for each thing that is not as it should be."""

    wrong: list[str]
    replayed: Replayed
    # What was done with the restored database to see that it works.
    trial: Trial


def plan_restore(
    *,
    server: Server,
    path: Path,
    media: Storage,
    into: str | None,
    file: Path,
    with_erased: bool = False,
    days: int = 400,
) -> Plan:
    """Look at the backup and at where it shall go: the server's empty database, or a new one.

    `into` is the name of a new database; its pictures go beside `media`. `file` is the copy of
    the ledger of deletions, which go back `days` days. Raises Refusal when the backup is damaged,
    the database is not empty, or there is one of the new name.
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
        known=find_ledger(server=server, file=file, folder=folder, manifest=manifest),
        file=file,
        with_erased=with_erased,
        days=days,
    )


def damages(folder: Path, manifest: Manifest) -> Iterator[str]:
    """One sentence for each file that is not as the manifest says."""
    for name in files_of(manifest):
        if not (folder / name).is_file():
            yield f"{folder / name} is missing"
        elif describe(folder / name) != manifest["files"].get(name):
            yield f"{folder / name} is damaged: its size or digest is not the manifest's"


def dump_major(manifest: Manifest) -> int:
    """The version of the pg_dump that made the backup."""
    found = re.search(r"\d+", manifest["program"])
    return int(found[0]) if found else 0


def apply(plan: Plan, *, progress: Progress = lambda what: None) -> Restored:
    """Do what the plan says: load, compare with the manifest, delete again, and try it out.

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
                wrong, replayed = _complete(plan, Path(staging), names, progress)
    except StorageProblem as problem:
        raise Refusal("unwritable", f"The pictures cannot be written: {problem}") from None
    except OSError as error:
        raise Refusal(
            "unwritable",
            f"The pictures cannot be written to {plan.media.where} ({error.strerror or error}): "
            "make room, then restore again.",
        ) from error
    progress("trying it out")
    trial = try_out(plan.target)
    return Restored([*wrong, *trial.problems], replayed, trial)


def _complete(
    plan: Plan, staging: Path, names: list[str], progress: Progress
) -> tuple[list[str], Replayed]:
    """What comes after loading; a failure says that the database of the settings is not empty."""
    try:
        wrong, replayed = _settle(plan, progress)
        move(staging, [name for name in names if not replayed.takes(name)], plan.media)
        for name in filter(replayed.takes, names):
            plan.media.remove(name)
    except (Refusal, StorageProblem, OSError) as problem:
        if plan.is_new:
            raise
        said = problem.message if isinstance(problem, Refusal) else str(problem)
        raise Refusal(
            "incomplete",
            f"{said.rstrip('.')}. The database {plan.target.name} is filled, but not complete, and "
            "may hold what was deleted: do not use it, but make it anew, then restore again.",
        ) from problem
    return wrong, replayed


def _settle(plan: Plan, progress: Progress) -> tuple[list[str], Replayed]:
    """Compare what was loaded, then delete again what was deleted since."""
    with plan.target.connect() as found:
        wrong = list(compare_tables(found, plan.manifest, step=progress))
    with plan.target.connect() as found:
        progress("deletions")
        replayed = Replayed()
        if plan.with_erased:
            undo(found, plan.known.ledger)
        else:
            replayed = replay(found, plan.known.ledger)
        with found.cursor() as cursor:
            progress("ANALYZE")
            cursor.execute("ANALYZE")
    if not plan.is_new and not plan.with_erased and plan.known.reaches:
        # On another machine it is not there yet.
        write_copy(plan.file, Copy(plan.known.reaches, plan.known.ledger))
    return wrong, replayed


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
