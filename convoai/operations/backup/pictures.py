"""The pictures of partners as one file, and back."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from convoai.operations.backup.files import sync
from convoai.refusals import Refusal
from convoai.storage.storage import Storage, Stored


def pack(
    pictures: Storage, stored: list[Stored], file: Path, *, step: Callable[[], None] = lambda: None
) -> list[str]:
    """Write the stored pictures into a new tar file; return the names. Raises OSError.

    A picture that is removed meanwhile is left out.
    """
    names = []
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target, tarfile.open(fileobj=target, mode="w") as tar:
        for picture in stored:
            member = tarfile.TarInfo(picture.name)
            try:
                source = pictures.open(picture.name)
            except FileNotFoundError:
                continue
            with source:
                member.size = source.seek(0, os.SEEK_END) or source.tell()
                source.seek(0)
                member.mtime, member.mode = picture.modified, 0o600
                tar.addfile(member, source)
            names.append(member.name)
            step()
    sync(file)
    return names


def packed(file: Path) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
    """Path and contents of each picture in a tar file. Raises Refusal when it is damaged."""
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                source = tar.extractfile(member) if member.isreg() else None
                path = PurePosixPath(member.name)
                if source is None or not path.parts or ".." in path.parts or path.is_absolute():
                    raise _damaged(file)
                with source:
                    yield path, source
    except (tarfile.TarError, EOFError):
        raise _damaged(file) from None


def unpack(file: Path, folder: Path) -> list[str]:
    """Write the pictures of a tar file below `folder`; return their names. Raises Refusal."""
    names = []
    for name, source in packed(file):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as target:
            shutil.copyfileobj(source, target)
        names.append(name.as_posix())
    return names


def _damaged(file: Path) -> Refusal:
    return Refusal("damaged", f"{file} is damaged: use another backup.")


def conflicts(unpacked: Path, names: list[str], target: Storage) -> list[str]:
    """The names of pictures that are in `target` already with another content."""
    return [name for name in names if _differs(unpacked / name, name, target)]


def move(unpacked: Path, names: list[str], target: Storage) -> None:
    """Bring unpacked pictures to their place; what is there already stays."""
    for name in names:
        if not target.exists(name):
            target.take(unpacked / name, name)


def _differs(file: Path, name: str, target: Storage) -> bool:
    try:
        with target.open(name) as there:
            return there.read() != file.read_bytes()
    except FileNotFoundError:
        return False
    except (IsADirectoryError, NotADirectoryError):
        return True
