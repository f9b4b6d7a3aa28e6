"""The limits of the container or service this process is in: memory and processor time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


@dataclass(frozen=True)
class Limits:
    """Bytes and processors that may be used, and bytes still free; None: no limit."""

    memory: int | None = None
    free: int | None = None
    cores: float | None = None


def limits(root: Path = ROOT, own: Path = OWN) -> Limits:
    """The tightest limits of this process's group and those around it, in both versions."""
    memory: list[int] = []
    free: list[int] = []
    cores: list[float] = []
    for folder in _folders(root, own):
        limit = _number(folder / "memory.max", folder / "memory.limit_in_bytes")
        # Version 1 has no word for "none", but a number larger than any machine.
        if limit is not None and limit < 1 << 60:
            memory.append(limit)
            used = _number(folder / "memory.current", folder / "memory.usage_in_bytes") or 0
            # Pages of files are counted as used, and given up when somebody needs them.
            free.append(max(limit - used + _inactive(folder), 0))
        quota = _quota(folder)
        if quota is not None:
            cores.append(quota)
    return Limits(min(memory, default=None), min(free, default=None), min(cores, default=None))


def _folders(root: Path, own: Path) -> Iterator[Path]:
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        top = root / controllers if controllers else root
        # In a container the path is that of the host, which is not there: then the top counts.
        folder = top / path.strip("/")
        yield from (one for one in (folder, *folder.parents) if one == top or top in one.parents)


def _number(*paths: Path) -> int | None:
    for path in paths:
        try:
            return int(path.read_text())
        except (OSError, ValueError):
            continue
    return None


def _inactive(folder: Path) -> int:
    try:
        lines = (folder / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    found = dict(line.split(" ", 1) for line in lines if " " in line)
    return int(found.get("inactive_file") or found.get("total_inactive_file") or 0)


def _quota(folder: Path) -> float | None:
    try:
        allowed, period = (folder / "cpu.max").read_text().split()
    except (OSError, ValueError):
        allowed = str(_number(folder / "cpu.cfs_quota_us") or -1)
        period = str(_number(folder / "cpu.cfs_period_us") or 100_000)
    return int(allowed) / int(period) if allowed.isdigit() else None
