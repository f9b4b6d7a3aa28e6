"""As whom the bundled PostgreSQL runs: as oneself, and for root (it refuses root) as another."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from convoai.database.problems import DatabaseProblem

# For what must stand outside because the server's user cannot go inside.
OUTSIDE = Path("/var/lib/convoai")


@dataclass(frozen=True)
class ServerUser:
    """A user other than the one who asks."""

    name: str
    uid: int
    gid: int


def user_for(home: Path) -> ServerUser | None:
    """The user to become for the cluster in `home`, or None to stay the one who asks.

    Root becomes the owner of an existing cluster, and `nobody` for a new one.
    """
    if os.geteuid() != 0:
        return None
    import pwd  # Not at the top: Windows has none, where only DATABASE_URL works.

    try:
        owner = home.stat().st_uid
    except OSError:
        owner = 0
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        raise DatabaseProblem(
            f"PostgreSQL cannot run as root, and the user {owner or 'nobody'} does not exist "
            "here: run convoai as an ordinary user, or set DATABASE_URL."
        ) from None
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def require_name() -> str:
    """The name of the user who asks; PostgreSQL refuses a user id without one."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise DatabaseProblem(
            f"The user id {os.geteuid()} has no name on this machine, which PostgreSQL needs: add "
            "it to /etc/passwd, or set DATABASE_URL."
        ) from None


def can_traverse(folder: Path, user: ServerUser) -> bool:
    """Whether `user` may pass through `folder` and all folders above it."""
    return all(_may(part, user, stat.S_IXUSR) for part in (folder, *folder.parents))


def can_use(program: Path, user: ServerUser) -> bool:
    """Whether `user` may reach, read and run `program`."""
    return can_traverse(program.parent, user) and _may(program, user, stat.S_IRUSR | stat.S_IXUSR)


def make_passable(folder: Path) -> None:
    """Make `folder` and what is missing above it open to pass, whatever the umask says."""
    for part in reversed([folder, *folder.parents]):
        if not part.exists():
            part.mkdir(exist_ok=True)
            part.chmod(0o755)


def _may(path: Path, user: ServerUser, owner_bits: int) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:
        # Not made yet; what is made on the way is open to pass through.
        return True
    if status.st_uid == user.uid:
        needed = owner_bits
    elif status.st_gid == user.gid:
        needed = owner_bits >> 3
    else:
        needed = owner_bits >> 6
    return status.st_mode & needed == needed
