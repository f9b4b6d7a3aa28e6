"""The background worker beside the web server: started with it, stopped with it.

Used by gunicorn's settings in the server's main process, so it knows nothing of Django.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# The worker ends itself when the process of this number is no longer its parent.
STOPS_WITH = "WORKER_STOPS_WITH"
# Seconds for the job under way; what is cut short is given out again.
PATIENCE = 5.0


def start_worker() -> subprocess.Popen[bytes]:
    """Start `manage.py qcluster` as a child of this process."""
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [sys.executable, str(root / "manage.py"), "qcluster"],
        cwd=root,
        env={**os.environ, STOPS_WITH: str(os.getpid())},
        stdin=subprocess.DEVNULL,
    )


def stop_worker(worker: subprocess.Popen[bytes]) -> None:
    """End a worker that start_worker has started, with a job under way or without."""
    worker.terminate()
    try:
        worker.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        worker.kill()  # its children see that and end
        worker.wait()


def stop_database() -> None:
    """Stop the bundled PostgreSQL, where this process and all it has started end together."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, str(root / "manage.py"), "database", "stop"]
    subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, check=False)
