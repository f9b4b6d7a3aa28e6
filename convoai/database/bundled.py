"""Start, stop and look at the bundled PostgreSQL of a data folder.

The server is started detached and never stops by itself: whoever needs it calls `ensure`, which
costs some milliseconds when it runs. Everything that changes it happens under one file lock.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from convoai.database.binaries import run_program
from convoai.database.cluster import (
    SUPERUSER,
    make_cluster,
    make_home,
    prepare,
    write_configuration,
)
from convoai.database.place import PORT, Place, find_place
from convoai.database.postmaster import find_postmaster, remove_leftovers, wait_until
from convoai.database.problems import DatabaseProblem
from convoai.database.server_user import ServerUser, user_for

# Seconds for a start that has to replay the work of a killed server.
START_SECONDS = 120
STOP_SECONDS = 60
# Seconds a server that lives may fail to answer before it is taken for stuck.
ANSWER_SECONDS = 60
LONGEST_LOG = 10_000_000


def start(data_dir: Path) -> Place:
    """Make the bundled PostgreSQL run and accept connections, also after a stop on request.

    Returns where it lives. Raises DatabaseProblem with one sentence when it cannot.
    """
    place = find_place(data_dir)
    place.stopped.unlink(missing_ok=True)
    return ensure(data_dir)


def ensure(data_dir: Path) -> Place:
    """As `start`, but a server that was stopped on request stays stopped (DatabaseProblem)."""
    place = find_place(data_dir)
    if place.prepared.exists() and answers(place):
        return place
    _refuse_stopped(place)
    _require_pointed(place)
    place.data_dir.mkdir(parents=True, exist_ok=True)
    user = make_home(place)
    with _locked(place):
        # What was true before the lock may have been changed by its last holder.
        _refuse_stopped(place)
        _move_outside(place)
        if not answers(place):
            make_cluster(place, user)
            _launch(place, user)
        prepare(place)
    return place


def repair(data_dir: Path) -> Place:
    """As `ensure`, and make role, extension and database anew where they are missing."""
    find_place(data_dir).prepared.unlink(missing_ok=True)
    return ensure(data_dir)


def stop(data_dir: Path) -> bool:
    """Stop the server and note that this was wanted; return whether there was one to stop."""
    place = find_place(data_dir)
    if not place.home.is_dir():
        return False
    place.stopped.touch()
    with _locked(place):
        if find_postmaster(place) is None:
            return False
        _shut_down(place)
    return True


def restart(data_dir: Path, *, otherwise: Callable[[Place], None]) -> None:
    """Stop the server and start it again; whoever needs it meanwhile waits, by the same lock.

    When it does not come up, `otherwise` is called to put back what was changed, and it is
    started once more. Raises the DatabaseProblem of the first start all the same.
    """
    place = find_place(data_dir)
    user = make_home(place)
    with _locked(place):
        _refuse_stopped(place)
        if find_postmaster(place) is not None:
            _shut_down(place)
        try:
            _launch(place, user)
        except DatabaseProblem:
            # It may live, and not have answered in time.
            if find_postmaster(place) is not None:
                _shut_down(place)
            otherwise(place)
            _launch(place, user)
            raise


def answers(place: Place) -> bool:
    """Whether the server accepts connections now. About 10 ms, takes no lock."""
    if not place.socket.exists():
        return False
    result = run_program(
        "pg_isready",
        f"--host={place.socket_dir}",
        f"--port={PORT}",
        # A role that exists: a refused one would be a line in the log each time.
        f"--username={SUPERUSER}",
        "--dbname=postgres",
        cwd=Path("/"),
    )
    return result.returncode == 0


def _launch(place: Place, user: ServerUser | None) -> None:
    if find_postmaster(place) is not None:
        # It lives: starting, recovering, or cut off from its socket by a moved folder.
        if wait_until(lambda: answers(place) or _is_cut_off(place), seconds=ANSWER_SECONDS):
            if answers(place):
                return
        elif find_postmaster(place) is not None:
            raise DatabaseProblem(
                f"The bundled PostgreSQL runs but does not answer after {ANSWER_SECONDS} s: see "
                "`manage.py database logs`."
            )
        if find_postmaster(place) is not None:
            _shut_down(place)
    remove_leftovers(place)
    write_configuration(place, user)
    if place.log.exists() and place.log.stat().st_size > LONGEST_LOG:
        place.log.replace(place.log.with_suffix(".log.1"))
    result = run_program(
        "pg_ctl",
        "start",
        "--wait",
        f"--timeout={START_SECONDS}",
        # Relative, because pg_ctl hands them to a shell, where a path may mean anything.
        f"--pgdata={place.cluster.name}",
        f"--log={place.log.name}",
        cwd=place.home,
        user=user,
    )
    if result.returncode:
        raise DatabaseProblem(
            f"The bundled PostgreSQL did not start: {_reason(place)} (log: {place.log})"
        )


def _is_cut_off(place: Place) -> bool:
    """Whether the living server has no socket where clients look, though it is ready."""
    try:
        lines = (place.cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return True
    ready = len(lines) > 7 and lines[7].strip() == "ready"
    return ready and not place.socket.exists()


def _shut_down(place: Place) -> None:
    user = user_for(place.home)
    result = run_program(
        "pg_ctl",
        "stop",
        "--mode=fast",
        "--wait",
        f"--timeout={STOP_SECONDS}",
        f"--pgdata={place.cluster}",
        cwd=place.home,
        user=user,
    )
    if result.returncode and find_postmaster(place) is not None:
        raise DatabaseProblem(
            f"The bundled PostgreSQL did not stop within {STOP_SECONDS} s (log: {place.log}): "
            "close what still uses it and stop it again."
        )


@contextmanager
def _locked(place: Place) -> Iterator[None]:
    """One process at a time starts or stops; the lock of a killed one is free at once."""
    import fcntl  # Not at the top: Windows has none, where only DATABASE_URL works.

    descriptor = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _refuse_stopped(place: Place) -> None:
    if place.stopped.exists():
        raise DatabaseProblem(
            "The bundled PostgreSQL was stopped on request: run `manage.py database start`."
        )


def _require_pointed(place: Place) -> None:
    """A pointer to a folder that is gone must never lead to a new, empty database."""
    if place.pointer.is_file() and not place.home.is_dir():
        raise DatabaseProblem(
            f"The data folder says that its PostgreSQL is in {place.home}, which is missing: bring "
            f"it back, or remove {place.pointer} to begin with an empty one."
        )


def _move_outside(place: Place) -> None:
    """Write the pointer of a place outside, taking along a cluster that was made inside."""
    if not place.is_outside or place.pointer.is_file():
        return
    inside = place.data_dir / "postgres" / place.cluster.name
    if inside.exists() and not place.cluster.exists():
        if find_postmaster(Place(place.data_dir, inside.parent)) is not None:
            raise DatabaseProblem(
                f"A PostgreSQL still works in {inside}: end it, then run `manage.py database "
                "start`."
            )
        shutil.move(inside, place.cluster)
    place.pointer.write_text(f"{place.home}\n")


def _reason(place: Place) -> str:
    try:
        lines = place.log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    told = [line for line in lines[-50:] if "FATAL:" in line or "PANIC:" in line]
    return told[-1].split(":  ", 1)[-1].rstrip(".") if told else "it gave no reason"
