"""How many web server processes and threads this machine, or this container, is given.

Read by gunicorn's settings before Django is there, so it knows nothing of it.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import environ
import psutil

from convoai.environment import number
from convoai.operations.cgroups import OWN, ROOT, limits

# Two, so that one that is busy computing does not hold up everybody. With more than eight, what
# the machine can do is no longer a default's business: the database's connections come first.
LEAST_PROCESSES, MOST_PROCESSES = 2, 8
# Bytes that a process may need; measured are 170 MB, and 230 MB after a talk of 1 MB.
PROCESS_BYTES = 400_000_000
THREADS = 8
# What `manage.py qcluster` consists of; each uses one connection at most.
WORKER_PROCESSES = 5


def web_processes() -> int:
    """WEB_CONCURRENCY, or one process a core within reason. Raises ImproperlyConfigured."""
    return number(environ.Env(), "WEB_CONCURRENCY", default=default_processes(), least=1)


def web_threads() -> int:
    """WEB_THREADS, or 8. Raises ImproperlyConfigured."""
    return number(environ.Env(), "WEB_THREADS", default=THREADS, least=1)


def default_processes() -> int:
    wanted = min(max(cores(), LEAST_PROCESSES), MOST_PROCESSES)
    return max(1, min(wanted, memory() // PROCESS_BYTES))


def cores(root: Path = ROOT, own: Path = OWN) -> int:
    """The processors that this process may use: by affinity, and by the quota of its cgroups."""
    quota = limits(root, own).cores
    return max(1, min(_by_affinity(), math.ceil(quota) if quota is not None else _by_affinity()))


def memory(root: Path = ROOT, own: Path = OWN) -> int:
    """The bytes of memory that this process may use: the machine's, or less by its cgroups."""
    there = int(psutil.virtual_memory().total)
    return min(there, limits(root, own).memory or there)


def _by_affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS
