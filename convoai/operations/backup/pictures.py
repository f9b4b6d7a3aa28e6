"""The pictures of partners as one file, and back."""

from __future__ import annotations

import filecmp
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from convoai.operations.backup.files import sync
from convoai.refusals import Refusal


def picture_files(folder: Path) -> list[Path]:
    """The files below `folder`, sorted; links are none of ours."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def pack(folder: Path, file: Path, *, step: Callable[[], None] = lambda: None) -> list[str]:
    """Write what lies below `folder` into a new tar file; return the names.

    A picture that is removed meanwhile is left out.
    """
    names = []
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target, tarfile.open(fileobj=target, mode="w") as tar:
        for path in picture_files(folder):
            member = tarfile.TarInfo(path.relative_to(folder).as_posix())
            try:
                source = path.open("rb")
            except FileNotFoundError:
                continue
            with source:
                status = os.fstat(source.fileno())
                member.size, member.mtime, member.mode = status.st_size, status.st_mtime, 0o600
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


def conflicts(unpacked: Path, names: list[str], target: Path) -> list[str]:
    """The names of pictures that are in `target` already with another content."""
    return [
        name
        for name in names
        if (target / name).exists()
        and not (
            (target / name).is_file() and filecmp.cmp(unpacked / name, target / name, shallow=False)
        )
    ]


def move(unpacked: Path, names: list[str], target: Path) -> None:
    """Bring unpacked pictures to their place; what is there already stays."""
    for name in names:
        path = target / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            (unpacked / name).replace(path)
