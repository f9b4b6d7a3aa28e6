"""The folder in which the processes of one web server share their counts.

prometheus_client's way to add up several processes: each writes to files of its own there.
"""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import psutil
from django.conf import settings

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share_counts() -> Path:
    """Make this server's folder and name it to prometheus_client.

    Processes that are forked afterwards share it. Folders of servers of this machine that were
    killed are removed.
    """
    given = os.environ.get(VARIABLE)
    folder = Path(given) if given else own_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ[VARIABLE] = str(folder)
    for other in folder.parent.glob(f"{socket.gethostname()}-*"):
        number = other.name.rpartition("-")[2]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            shutil.rmtree(other, ignore_errors=True)
    return folder


def own_folder() -> Path:
    """DATA_DIR may be shared by machines, so the name of this one is part of it."""
    return Path(settings.DATA_DIR, "metrics", f"{socket.gethostname()}-{os.getpid()}")


def forget_process(number: int) -> None:
    """Leave out what a web process that has ended had under way; what it counted stays."""
    if VARIABLE in os.environ:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(number)  # type: ignore[no-untyped-call]


def remove_folder() -> None:
    """Called by the server's main process when it ends."""
    if VARIABLE in os.environ and Path(os.environ[VARIABLE]) == own_folder():
        shutil.rmtree(own_folder(), ignore_errors=True)
