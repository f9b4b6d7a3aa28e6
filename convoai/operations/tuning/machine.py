"""The machine the database's server runs on, as far as it can be seen from here."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from convoai.operations.capacity import cores
from convoai.operations.cgroups import limits
from convoai.operations.tuning.disks import Disk, disk_of
from convoai.operations.tuning.units import readable


@dataclass(frozen=True)
class Machine:
    """Bytes, processors and disk that the server may use; None is what cannot be seen.

    `is_ours` says that convoai's own processes run on it too; `told` how the disk is known.
    """

    memory: int | None = None
    free: int | None = None
    cores: int | None = None
    disk: Disk = Disk.UNKNOWN
    disk_free: int | None = None
    is_ours: bool = True
    told: str = ""

    def lines(self) -> list[str]:
        """What is known, in words."""
        parts = []
        if self.memory is not None:
            free = f" ({readable(self.free)} free now)" if self.free is not None else ""
            parts.append(f"{readable(self.memory)} memory{free}")
        if self.cores is not None:
            parts.append(f"{self.cores} core{'s' if self.cores > 1 else ''}")
        why = f" ({self.told})" if self.told else ""
        parts.append(f"disk: {self.disk}{why}")
        if self.disk_free is not None:
            parts.append(f"{readable(self.disk_free)} free on it")
        return parts


def this_machine(data: Path | None) -> Machine:
    """The machine this process runs on, with the limits of its container; `data` is the folder
    of the server, None when it cannot be seen.
    """
    found = limits()
    memory = psutil.virtual_memory()
    disk, told = disk_of(data) if data else (Disk.UNKNOWN, "its folder cannot be seen from here")
    return Machine(
        memory=min(memory.total, found.memory or memory.total),
        free=min(memory.available, memory.available if found.free is None else found.free),
        cores=cores(),
        disk=disk,
        disk_free=_free_on_disk(data),
        told=told,
    )


def told_machine(
    machine: Machine, *, memory: int | None, cores: int | None, disk: str | None
) -> Machine:
    """The machine with what a person said of it in place of what was seen."""
    if memory is not None:
        machine = replace(machine, memory=memory, free=None)
    if cores is not None:
        machine = replace(machine, cores=cores)
    if disk is not None:
        machine = replace(machine, disk=Disk(disk), told="as you said")
    return machine


def _free_on_disk(folder: Path | None) -> int | None:
    try:
        return shutil.disk_usage(folder).free if folder else None
    except OSError:
        return None
