"""How many web server processes and threads this machine, or this container, is given.

Read by gunicorn's settings before Django is there, so it knows nothing of it.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import environ

from convoai.environment import number

CGROUPS = Path("/sys/fs/cgroup")
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


def cores(groups: Path = CGROUPS, me: Path = Path("/proc/self/cgroup")) -> int:
    """The processors that this process may use: by affinity, and by the quota of its cgroups."""
    allowed = _by_affinity()
    for told in _limits("cpu.max", groups, me):
        quota, _, period = told.partition(" ")
        if quota.isdigit() and period.isdigit():
            allowed = min(allowed, math.ceil(int(quota) / int(period)))
    return max(allowed, 1)


def memory(groups: Path = CGROUPS, me: Path = Path("/proc/self/cgroup")) -> int:
    """The bytes of memory that this process may use: the machine's, or less by its cgroups."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on Windows
        there = 1 << 62
    limits = [int(told) for told in _limits("memory.max", groups, me) if told.isdigit()]
    return min([there, *limits])


def _by_affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _limits(name: str, groups: Path, me: Path) -> list[str]:
    """What cgroups (version 2) tell of a limit: those of this process's group and all above it.

    In a container the group is the root of what can be seen.
    """
    try:
        path = next(
            line.partition("::")[2] for line in me.read_text().splitlines() if line.startswith("0:")
        )
    except (OSError, StopIteration):
        return []
    group = groups / path.strip().lstrip("/")
    found = []
    for folder in (group, *group.parents):
        file = folder / name
        if file.is_file():
            found.append(file.read_text().strip())
        if folder == groups:
            break
    return found
