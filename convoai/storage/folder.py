"""Files in a folder of this machine, or of a disk that machines share."""

from __future__ import annotations

import getpass
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from convoai.storage.storage import StorageProblem, Stored


class Folder:
    """A Storage. The folder is made with its first file, readable by its owner only."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def where(self) -> str:
        return str(self.root)

    @property
    def workplace(self) -> Path:
        self.root.parent.mkdir(parents=True, exist_ok=True)
        return self.root.parent

    @contextmanager
    def draft(self, name: str) -> Iterator[IO[bytes]]:
        target = self._place(name)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, path = tempfile.mkstemp(".part", f".{target.name}.", target.parent)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(path, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(path)
            raise

    def take(self, file: Path, name: str) -> None:
        target = self._place(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(file, target)

    def open(self, name: str) -> IO[bytes]:
        return self._place(name).open("rb")

    def exists(self, name: str) -> bool:
        return self._place(name).is_file()

    def remove(self, name: str) -> None:
        self._place(name).unlink(missing_ok=True)

    def remove_below(self, folder: str) -> None:
        shutil.rmtree(self._place(folder), ignore_errors=True)

    def files(self, folder: str = "") -> Iterator[Stored]:
        for path in sorted((self.root / folder).rglob("*")):
            # Links are none of ours; a file may go while others are looked at.
            with suppress(FileNotFoundError):
                if path.is_file() and not path.is_symlink():
                    yield Stored(path.relative_to(self.root).as_posix(), path.stat().st_mtime)

    def beside(self, suffix: str) -> Folder:
        return Folder(self.root.with_name(f"{self.root.name}-{suffix}"))

    def require(self, *, writing: bool = True) -> None:
        if self.root.exists() and not os.access(self.root, os.R_OK | os.W_OK | os.X_OK):
            raise StorageProblem(
                f"The folder of the pictures, {self.root}, cannot be written by this user: "
                f"`sudo chown -R {getpass.getuser()} {self.root}`, or set DATA_DIR to another "
                "folder."
            )

    def _place(self, name: str) -> Path:
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise FileNotFoundError(name)
        return self.root / name
