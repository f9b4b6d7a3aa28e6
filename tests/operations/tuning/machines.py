"""Imaginary machines, and servers as PostgreSQL is installed."""

from __future__ import annotations

from convoai.operations.tuning.advice import Purpose
from convoai.operations.tuning.asking import Asked, Processes, Setting, Table
from convoai.operations.tuning.disks import Disk
from convoai.operations.tuning.machine import Machine
from convoai.operations.tuning.recommending import Recommended, recommend
from convoai.operations.tuning.units import GB, KB, MB, Value

# PostgreSQL 18 as installed.
DEFAULTS: dict[str, Value] = {
    "shared_buffers": 128 * MB,
    "effective_cache_size": 4 * GB,
    "work_mem": 4 * MB,
    "maintenance_work_mem": 64 * MB,
    "max_connections": 100,
    "random_page_cost": 4.0,
    "effective_io_concurrency": 16,
    "max_wal_size": GB,
    "min_wal_size": 80 * MB,
    "checkpoint_completion_target": 0.9,
    "wal_buffers": 4 * MB,
    "jit": "on",
    "max_worker_processes": 8,
    "max_parallel_workers": 8,
    "max_parallel_maintenance_workers": 2,
}
RESTART = {"shared_buffers", "max_connections", "wal_buffers", "max_worker_processes"}


def setting(name: str, value: Value, *, source: str = "default") -> Setting:
    context = "postmaster" if name in RESTART else "user"
    return Setting(name, value, str(value), context, source)


def asked(
    database: int = 2 * GB,
    *,
    web: int = 2,
    major: int = 18,
    rows: int = 0,
    changed: dict[str, Value] | None = None,
) -> Asked:
    """A server as installed, but for the settings that were `changed`."""
    values = {**DEFAULTS, **(changed or {})}
    tables = (Table("messages", rows, {}),) if rows else ()
    return Asked(
        major,
        database,
        Processes(web, 8, 30),
        {name: setting(name, value) for name, value in values.items()},
        tables,
    )


def values(
    memory: int | None,
    *,
    cores: int = 2,
    disk: Disk = Disk.SSD,
    free: int | None = None,
    disk_free: int | None = None,
    is_ours: bool = True,
    purpose: Purpose = Purpose.WEB,
    server: Asked | None = None,
) -> dict[str, Value]:
    """The recommended value of each setting, by name; sizes in bytes."""
    found = recommended(
        Machine(memory, free, cores, disk, disk_free, is_ours), purpose=purpose, server=server
    )
    return {one.advice.name: one.advice.value for one in found.settings}


def recommended(
    machine: Machine, *, purpose: Purpose = Purpose.WEB, server: Asked | None = None
) -> Recommended:
    return recommend(machine, server or asked(), purpose)


def number(value: Value) -> float:
    assert not isinstance(value, str)
    return float(value)


__all__ = ["GB", "KB", "MB", "asked", "number", "recommended", "setting", "values"]
