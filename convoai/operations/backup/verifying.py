"""Whether a backup can be restored and then is what was backed up: proven by doing it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from convoai.operations.backup.comparing import compare_tables
from convoai.operations.backup.files import write_private
from convoai.operations.backup.loading import drop_database, load_dump, new_database
from convoai.operations.backup.manifest import (
    DUMP,
    PICTURES,
    VERIFIED,
    Manifest,
    find_backup,
    read_manifest,
    rows_of,
)
from convoai.operations.backup.pictures import packed
from convoai.operations.backup.programs import find_programs
from convoai.operations.backup.restoring import damages, dump_major
from convoai.operations.backup.server import Server, major_of
from convoai.operations.backup.structure import differences, faults, read_structure
from convoai.operations.backup.trial import Trial, try_out
from convoai.operations.findings import Finding, error, ok
from convoai.refusals import Refusal

# Told of each step what is being done.
Progress = Callable[[str], None]
SCRATCH = "convoai_verify_"


@dataclass(frozen=True)
class Verification:
    """What came of it: `problems` has one sentence for each thing that is wrong."""

    folder: Path
    rows: int
    problems: list[str]
    # What was done with the restored database.
    trial: Trial

    def used(self) -> str:
        """One sentence on whether it works."""
        if self.trial.untried:
            return f"It was not tried out: {self.trial.untried}."
        return f"It was tried out: {', '.join(self.trial.done)}."

    def findings(self) -> list[Finding]:
        """The same for monitors: one error for each problem, or that all is well."""
        if not self.problems:
            return [
                ok(
                    "backup.verified",
                    f"{self.rows:,} rows restored; all is as it was backed up. {self.used()}",
                    file=str(self.folder),
                )
            ]
        return [
            error(
                "backup.verified",
                f"{problem}.",
                "Make a new one with `manage.py backup`, or use an older one.",
                file=str(self.folder),
            )
            for problem in self.problems
        ]


def verify_backup(
    *, server: Server, path: Path, progress: Progress = lambda what: None
) -> Verification:
    """Restore the backup into a scratch database of the server and compare; note the outcome.

    The outcome is kept beside the manifest. Raises Refusal when it could not be tried: no backup
    there, no right to make databases, no program that fits.
    """
    folder = find_backup(path)
    rows = 0
    trial = Trial()
    try:
        manifest = read_manifest(folder)
        rows = rows_of(manifest)
        problems = list(damages(folder, manifest))
        # What is damaged is not given to a server.
        problems = problems or list(_restored_problems(server, folder, manifest, progress, trial))
    except Refusal as refusal:
        if refusal.code != "damaged":
            raise
        problems = [refusal.message.rstrip(".")]
    _note(folder, problems)
    return Verification(folder, rows, problems, trial)


def _restored_problems(
    server: Server, folder: Path, manifest: Manifest, progress: Progress, trial: Trial
) -> Iterator[str]:
    yield from _picture_problems(folder, manifest)
    with server.connect() as found:
        major = major_of(found)
    programs = find_programs(server, server_major=major, dump_major=dump_major(manifest))
    scratch = server.named(f"{SCRATCH}{secrets.token_hex(6)}")
    with new_database(server, scratch.name):
        try:
            load_dump(folder / DUMP, scratch, programs, progress)
            yield from _differences(scratch, manifest, progress)
            progress("trying it out")
            try_out(scratch, trial)
            yield from trial.problems
        except Refusal as refusal:
            if refusal.code != "failed":
                raise
            yield f"It cannot be restored: {refusal.message.rstrip('.')}"
        finally:
            drop_database(server, scratch.name)


def _differences(scratch: Server, manifest: Manifest, progress: Progress) -> Iterator[str]:
    with scratch.connect() as found:
        try:
            yield from compare_tables(found, manifest, step=progress)
            same = str(major_of(found)) == manifest["server"]["version"].split(".")[0]
            yield from differences(
                # Versions may write the same definition in different words.
                manifest["structure"],
                read_structure(found),
                by_definition=same,
            )
            yield from faults(found)
        except psycopg2.Error as error:
            yield f"Reading what was restored failed ({type(error).__name__})"


def _picture_problems(folder: Path, manifest: Manifest) -> Iterator[str]:
    count = sum(1 for _ in packed(folder / PICTURES))
    if count != manifest["pictures"]["count"]:
        yield f"There are {count} pictures, not {manifest['pictures']['count']}"


def _note(folder: Path, problems: list[str]) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    # `manage.py doctor` reads verified_at.
    outcome = {
        "tried_at": now,
        "verified_at": None if problems else now,
        "passed": not problems,
        "problems": problems,
    }
    try:
        write_private(folder / VERIFIED, json.dumps(outcome, indent=2) + "\n")
    except OSError:
        # A backup on a read-only medium is verified all the same.
        return
