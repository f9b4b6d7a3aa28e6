"""Which backups there are in a folder, and which old ones may go."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from convoai.operations.backup.manifest import MANIFEST

# The names that new_folder gives; whatever else lies in the folder is somebody else's.
NAME = re.compile(r"convoai-\d{8}-\d{6}-\d{6}")


def backups_in(folder: Path) -> list[Path]:
    """The complete backups, oldest first: their names begin with their time."""
    return sorted(
        path
        for path in folder.iterdir()
        if NAME.fullmatch(path.name) and (path / MANIFEST).is_file()
    )


def remove_old(folder: Path, *, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups; return which."""
    old = backups_in(folder)[:-keep]
    for path in old:
        # Without its manifest it is no backup any more: never half a one.
        (path / MANIFEST).unlink()
        shutil.rmtree(path)
    return old


def remove_leftovers(folder: Path) -> None:
    """Remove what killed backups left. Only while the folder's lock is held."""
    for path in folder.glob(".partial-*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.iterdir():
        if NAME.fullmatch(path.name) and path.is_dir() and not (path / MANIFEST).exists():
            shutil.rmtree(path, ignore_errors=True)
