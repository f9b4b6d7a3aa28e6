"""Whether the bundled PostgreSQL's main process lives, and clearing what a dead one left."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import psutil

from convoai.database.place import Place
from convoai.database.problems import DatabaseProblem

# How long children of a killed server may take to notice and leave.
LEAVE_SECONDS = 5.0


def find_postmaster(place: Place) -> psutil.Process | None:
    """The living main process of this cluster, or None.

    A process id in the file proves nothing: it may be reused, or belong to a zombie. It counts
    when it is a living `postgres` that works in this cluster's folder.
    """
    try:
        pid = int((place.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(abs(pid))
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None
    return process if _serves(process, place) else None


def remove_leftovers(place: Place) -> None:
    """Make the way free for a new start after the main process has died.

    Its children may still work in the folder, and starting beside them would ruin it: they get
    some seconds to leave, then are ended. Raises DatabaseProblem when one cannot be ended.
    """
    for end in (None, psutil.Process.terminate, psutil.Process.kill):
        for process in _workers(place):
            if end is not None:
                _end(process, end)
        if wait_until(lambda: not any(_workers(place)), seconds=LEAVE_SECONDS):
            break
    else:
        raise DatabaseProblem(
            f"Processes of a PostgreSQL that was killed still work in {place.cluster}: end them, "
            "then run `manage.py database start`."
        )
    for stale in (
        place.cluster / "postmaster.pid",
        place.socket,
        place.socket.with_name(f"{place.socket.name}.lock"),
    ):
        stale.unlink(missing_ok=True)


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Ask `condition` until it is true or `seconds` have passed; return its last answer."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)  # Another process's progress can only be polled.
    return True


def _workers(place: Place) -> Iterator[psutil.Process]:
    return (process for process in psutil.process_iter() if _serves(process, place))


def _serves(process: psutil.Process, place: Place) -> bool:
    try:
        if process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
            return False
        # By the folder it works in: the same also when that has been renamed. It can be read, for
        # our server runs as the one who asks, or the one who asks is root.
        return process.name() == "postgres" and os.path.samefile(process.cwd(), place.cluster)
    except (psutil.Error, OSError):
        return False


def _end(process: psutil.Process, end: Callable[[psutil.Process], None]) -> None:
    try:
        end(process)
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied:
        raise DatabaseProblem(
            f"Process {process.pid} of a PostgreSQL that was killed belongs to another user: end "
            "it, then run `manage.py database start`."
        ) from None
