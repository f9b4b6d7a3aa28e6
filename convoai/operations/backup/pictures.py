"""The pictures of partners as one file, and back."""

from __future__ import annotations

import filecmp
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from convoai.operations.backup.files import sync
from convoai.refusals import Refusal


def pack(folder: Path, file: Path, *, step: Callable[[], None] = lambda: None) -> list[str]:
    """Write what lies below `folder` into the tar file; return the names.

    A picture that is removed meanwhile is left out.
    """
    names = []
    with _new(file) as tar:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            try:
                picture = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            except OSError:
                continue
            with os.fdopen(picture, "rb") if path.is_file() else _closing(picture) as source:
                if source is None:
                    continue
                member = tarfile.TarInfo(name)
                status = os.fstat(source.fileno())
                member.size, member.mtime, member.mode = status.st_size, status.st_mtime, 0o600
                tar.addfile(member, source)
            names.append(name)
            step()
    sync(file)
    return names


@contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    try:
        yield None
    finally:
        os.close(descriptor)


@contextmanager
def _new(file: Path) -> Iterator[tarfile.TarFile]:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target, tarfile.open(fileobj=target, mode="w") as tar:
        yield tar


def unpack(file: Path, folder: Path) -> list[str]:
    """Write the pictures of a tar file below a new `folder`; return their names. Raises Refusal."""
    names = []
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                source = tar.extractfile(member) if member.isreg() else None
                parts = PurePosixPath(member.name).parts
                if source is None or not parts or ".." in parts or parts[0] == "/":
                    raise _damaged(file)
                path = folder.joinpath(*parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                with source, path.open("xb") as target:
                    while piece := source.read(1 << 20):
                        target.write(piece)
                names.append(member.name)
    except (tarfile.TarError, EOFError):
        raise _damaged(file) from None
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
