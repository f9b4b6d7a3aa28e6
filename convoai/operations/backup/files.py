"""Files of a backup: private, on the disk before they count, and known again by their digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from convoai.refusals import Refusal


def backup_folder() -> Path:
    """Where backups go when nobody says otherwise: BACKUP_DIR, or a folder in DATA_DIR."""
    return Path(settings.BACKUP_DIR or Path(settings.DATA_DIR) / "backups")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read: whole under its name, or not there."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def describe(path: Path) -> dict[str, Any]:
    """Size and digest of a file: `bytes` and `sha256`."""
    with path.open("rb") as file:
        return {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


def sync(path: Path) -> None:
    """Return when the file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time makes backups in a folder; the lock of a killed one is free at once.

    Raises Refusal when another one is at it.
    """
    import fcntl  # Not at the top: Windows has none, and `manage.py help` shall work there.

    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Refusal(
            "already_running", f"Another backup to {folder} is being made: wait for it to end."
        ) from None
    finally:
        os.close(descriptor)
