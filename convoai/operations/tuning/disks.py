"""What kind of disk a folder is on."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path

SYSTEM = Path("/sys")


class Disk(StrEnum):
    SSD = "ssd"
    HDD = "hdd"
    UNKNOWN = "unknown"


def disk_of(folder: Path, system: Path = SYSTEM) -> tuple[Disk, str]:
    """The kind of the disk below `folder`, and how it is known, in words.

    Linux tells it in /sys. Folders of containers (overlay), networks and some file systems
    (btrfs, ZFS) have no device of their own there, and the disks of virtual machines claim to
    turn whatever they are: both are unknown.
    """
    if sys.platform == "win32":
        return Disk.UNKNOWN, "Windows does not tell"
    try:
        number = os.stat(folder).st_dev
    except OSError:
        return Disk.UNKNOWN, "the data folder cannot be read from here"
    major, minor = os.major(number), os.minor(number)
    if major == 0:
        return Disk.UNKNOWN, "the data folder is on no disk of its own (a container, a network …)"
    device = (system / "dev" / "block" / f"{major}:{minor}").resolve()
    # A partition has no queue; the disk it is on is the folder above.
    for place in (device, device.parent):
        try:
            turns = (place / "queue" / "rotational").read_text().strip()
        except OSError:
            continue
        if turns == "0":
            return Disk.SSD, f"{place.name} has no turning parts"
        if place.name.startswith(("vd", "xvd")):
            return Disk.UNKNOWN, f"{place.name} is a virtual disk, which does not tell"
        return Disk.HDD, f"{place.name} turns"
    return Disk.UNKNOWN, "the system does not tell"
