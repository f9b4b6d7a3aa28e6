"""pg_dump and pg_restore of the version that a server needs, found and run."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from convoai.database.binaries import installed_binaries
from convoai.database.problems import DatabaseProblem
from convoai.operations.backup.server import Server
from convoai.refusals import Refusal

# Where packages put them beside PATH: Debian, Red Hat, Homebrew.
PLACES = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)
# From this version on they send a setting that older servers refuse.
SENDS_NEW_SETTING = 17
# The bundled programs were built without SSL.
WANTS_SSL = frozenset({"require", "verify-ca", "verify-full"})


@dataclass(frozen=True)
class Programs:
    """A folder with pg_dump and pg_restore of one version."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def find_programs(server: Server, *, server_major: int, dump_major: int = 0) -> Programs:
    """The programs of this machine for a server of that version; see `choose`."""
    return choose(list(all_programs(server)), server_major=server_major, dump_major=dump_major)


def choose(there: Sequence[Programs], *, server_major: int, dump_major: int = 0) -> Programs:
    """The fitting ones among the programs that are there, in the order of preference.

    Those of the server's own version come first, then the next newer ones; they must not be older
    than `dump_major`, which made the dump to read. Raises Refusal that says which to install.
    """
    least = max(server_major, dump_major)
    below = SENDS_NEW_SETTING if server_major < SENDS_NEW_SETTING else 1000
    fitting = [one for one in there if least <= one.major < below]
    if fitting:
        return min(fitting, key=lambda one: one.major)
    if least >= below:
        raise Refusal(
            "no_program",
            f"The dump was made by pg_dump {dump_major}, and the server runs PostgreSQL "
            f"{server_major}: restore it to PostgreSQL {SENDS_NEW_SETTING} or newer.",
        )
    known = ", ".join(sorted({one.version for one in there})) or "none"
    raise Refusal(
        "no_program",
        f"The server runs PostgreSQL {server_major}, and no pg_dump and pg_restore that fit were "
        f"found (found: {known}): install version {least}, on Debian with "
        f"`apt install postgresql-client-{least}`, or put their folder into PATH.",
    )


def all_programs(server: Server) -> Iterator[Programs]:
    """All there are on this machine that can reach the server, in the order of preference."""
    seen = set()
    for folder in _folders(server):
        version = version_in(folder) if folder not in seen else None
        seen.add(folder)
        if version:
            yield Programs(folder, version)


def _folders(server: Server) -> Iterator[Path]:
    bundled = None
    with suppress(DatabaseProblem):
        bundled = installed_binaries()
    if bundled and server.is_bundled:
        yield bundled
    on_path = shutil.which("pg_dump")
    # Debian's own is a script that chooses a version by itself.
    if on_path and Path(on_path).resolve().name == "pg_dump":
        yield Path(on_path).resolve().parent
    for place in PLACES:
        yield from sorted(Path("/").glob(place), reverse=True)
    if bundled and server.parameters.get("sslmode") not in WANTS_SSL:
        yield bundled


def version_in(folder: Path) -> str | None:
    """The version of the programs in a folder, such as "18.4"; None when one is missing."""
    if not (folder / "pg_restore").is_file():
        return None
    try:
        said = subprocess.run(
            [folder / "pg_dump", "--version"],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        ).stdout
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)*)", said)
    return found[1] if found else None


def run(
    program: Path,
    *arguments: str | Path,
    server: Server,
    said: Callable[[str], None] | None = None,
) -> None:
    """Run a program to its end; `said` gets each line of its report. Raises Refusal.

    The refusal has the program's first complaint, without the values in it.
    """
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=server.environment(),
            umask=0o077,
        )
        try:
            for line in process.stderr or ():
                if ": error: " in line:
                    complaints.write(line)
                elif said is not None:
                    said(line)
            code = process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
            if process.stderr:
                process.stderr.close()
        if code:
            complaints.seek(0)
            raise Refusal("failed", f"{program.name} failed: {_complaint(complaints.readline())}.")


def _complaint(line: str) -> str:
    text = line.partition(": error: ")[2].strip() or "it gave no reason"
    # What follows a colon in quotes is a value, which may be what somebody said.
    return re.sub(r': ".*', "", text).rstrip(".")
