"""What a place for files can do, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, NamedTuple, Protocol


class StorageProblem(OSError):
    """The bucket does not do what it should; the message is one sentence without secrets."""


class Stored(NamedTuple):
    """A file that is there: its name, and when it was written (seconds since 1970)."""

    name: str
    modified: float


class Storage(Protocol):
    """Files under names with slashes, such as `faces/7/ab12.jpg`.

    A file is whole under its name, or not there. Raises OSError when a place cannot be reached,
    read or written.
    """

    @property
    def where(self) -> str:
        """The place, for a person."""

    @property
    def workplace(self) -> Path | None:
        """A folder from which `take` is cheap; None for any."""

    def draft(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A file to write; stored under the name, for good, when the block ends well."""

    def take(self, file: Path, name: str) -> None:
        """Store a file of this machine under the name; the file may be moved away."""

    def open(self, name: str) -> IO[bytes]:
        """The file to read. Raises FileNotFoundError."""

    def exists(self, name: str) -> bool: ...

    def remove(self, name: str) -> None:
        """Remove the file, if it is there."""

    def remove_below(self, folder: str) -> None:
        """Remove all files of the folder."""

    def files(self, folder: str = "") -> Iterator[Stored]:
        """All files below the folder, by name."""

    def beside(self, suffix: str) -> Storage:
        """Another place next to this one, for a copy of everything."""

    def require(self, *, writing: bool = True) -> None:
        """Return when files can be kept here; with `writing` it is tried. Raises StorageProblem."""
