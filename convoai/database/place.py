"""Where the bundled PostgreSQL of a data folder lives: its cluster, socket, log and marks."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import convoai.database.server_user as users

DATABASE = "conversation_ai"
ROLE = "convoai"
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
# Bytes: 107 on Linux, 103 on macOS.
LONGEST_SOCKET = 103
POINTER = "postgres.location"


@dataclass(frozen=True)
class Place:
    """The files of one bundled PostgreSQL; `home` is the only folder the launcher changes."""

    data_dir: Path
    home: Path

    @property
    def cluster(self) -> Path:
        """PGDATA."""
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def lock(self) -> Path:
        """Held while the server is being started or stopped."""
        return self.home / "lock"

    @property
    def stopped(self) -> Path:
        """Exists after a stop on request, so that nothing starts the server by itself."""
        return self.home / "stopped"

    @property
    def prepared(self) -> Path:
        """Exists when role, extension and database have been made."""
        return self.home / "prepared"

    @property
    def pointer(self) -> Path:
        """Names `home` when it could not be inside the data folder."""
        return self.data_dir / POINTER

    @property
    def is_outside(self) -> bool:
        return self.home.parent != self.data_dir

    @property
    def socket_dir(self) -> Path:
        """The folder of the socket: `home`, or a short private one where its path cannot serve."""
        path = os.fsencode(self.home / SOCKET_NAME)
        # The driver takes a comma for the end of one host and the beginning of another.
        if len(path) <= LONGEST_SOCKET and b"," not in path:
            return self.home
        # Not tempfile.gettempdir(): TMPDIR may differ between two processes that must meet.
        owner = users.user_for(self.home)
        uid = os.geteuid() if owner is None else owner.uid
        return Path("/tmp") / f"convoai-{uid}-{_digest(self.home)}"  # noqa: S108 - 0700, checked

    @property
    def socket(self) -> Path:
        return self.socket_dir / SOCKET_NAME


def find_place(data_dir: Path) -> Place:
    """Where the bundled PostgreSQL of `data_dir` is, or would be made. Changes nothing.

    It is `data_dir`/postgres, except for root when the user PostgreSQL then runs as cannot
    reach that folder (a clone below /root): then a folder outside, which a file in `data_dir`
    names once it has been made.
    """
    data_dir = data_dir.resolve()
    inside = data_dir / "postgres"
    pointer = data_dir / POINTER
    if pointer.is_file():
        return Place(data_dir, Path(pointer.read_text().strip()))
    user = users.user_for(inside)
    if user is None or users.can_traverse(data_dir, user):
        return Place(data_dir, inside)
    return Place(data_dir, users.OUTSIDE / _digest(data_dir))


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
