"""Formulas of what takes no memory: connections, disk, the write-ahead log, the planner."""

from __future__ import annotations

import math

from convoai.operations.tuning.advice import DOCS, PGTUNE, WIKI, Advice, Purpose
from convoai.operations.tuning.asking import SPARE, Asked
from convoai.operations.tuning.disks import Disk
from convoai.operations.tuning.machine import Machine
from convoai.operations.tuning.units import GB, MB, readable, rounded, size_text

# PostgreSQL's own default of max_connections.
LEAST = 100


def max_connections(asked: Asked) -> Advice:
    """What all pools may open, and some to spare; never below PostgreSQL's own 100."""
    ours = asked.processes
    value = max(math.ceil((ours.connections + SPARE) / 10) * 10, LEAST)
    return Advice(
        "max_connections",
        value,
        str(value),
        f"{ours.web} web processes and the worker may open {ours.connections} connections, and "
        f"{SPARE} are for commands, backups and you; {LEAST} is the default, and more is no harm",
        f"{WIKI}: count what connects",
    )


def random_page_cost(machine: Machine, asked: Asked, cache: float | None) -> Advice | None:
    """1.1 where reading here and there costs no more than in a row; None when nobody knows."""
    name, source = "random_page_cost", f"{DOCS} on it; {PGTUNE}"
    if machine.disk == Disk.SSD:
        why = "the disk has no turning parts: a page anywhere costs as much as the next one"
        return Advice(name, 1.1, "1.1", why, source, 1.0, 1.5)
    if cache is not None and asked.database <= cache:
        why = (
            f"the database ({readable(asked.database)}) fits into memory ({readable(int(cache))}), "
            "where a page anywhere costs as much as the next one"
        )
        return Advice(name, 1.1, "1.1", why, source, 1.0, 1.5)
    if machine.disk == Disk.HDD:
        why = "a turning disk has to move its head for a page elsewhere"
        return Advice(name, 4.0, "4", why, source, 2.0, 4.0)
    return None


def effective_io_concurrency(machine: Machine, asked: Asked) -> Advice | None:
    """How many pages to ask the disk for ahead; None when the kind of disk is not known."""
    name = "effective_io_concurrency"
    if machine.disk == Disk.UNKNOWN:
        return None
    if machine.disk == Disk.HDD:
        why = "a turning disk reads one place after the other"
        return Advice(name, 2, "2", why, PGTUNE, 1, 16)
    value = 16 if asked.major >= 18 else 200
    why = "a disk without turning parts answers many requests at once"
    if asked.major >= 18:
        why += "; PostgreSQL 18 reads ahead by itself, and its default suits such disks"
    return Advice(name, value, str(value), why, f"{DOCS} on it; {PGTUNE}", 16, 1000)


def wal(machine: Machine, purpose: Purpose) -> list[Advice]:
    """Settings of the write-ahead log, which is written before the tables are."""
    most = {Purpose.WEB: 4, Purpose.LOAD: 16, Purpose.SHARED: 2}[purpose] * GB
    least = {Purpose.WEB: GB, Purpose.LOAD: 4 * GB, Purpose.SHARED: 80 * MB}[purpose]
    size, why = float(most), ""
    if machine.disk_free is not None and machine.disk_free / 10 < most:
        size = max(machine.disk_free / 10, 256 * MB)
        why = f"; no more than a tenth of what is free on the disk ({readable(machine.disk_free)})"
    longest = rounded(size)
    shortest = min(least, rounded(longest / 4))
    return [
        Advice(
            "max_wal_size",
            longest,
            size_text(longest),
            "so much may be written between two checkpoints; with more of them, whole pages are "
            f"written to the log again and again; takes disk and time after a crash{why}",
            f"{DOCS}, WAL Configuration; {PGTUNE} ({_type(purpose)})",
        ),
        Advice(
            "min_wal_size",
            shortest,
            size_text(shortest),
            "files of the log that are kept and used again instead of being made anew",
            f"{PGTUNE} ({_type(purpose)})",
        ),
        Advice(
            "checkpoint_completion_target",
            0.9,
            "0.9",
            "a checkpoint is spread over nine tenths of the time to the next, and disturbs less",
            f"{DOCS} on it; {WIKI}",
            0.8,
            0.95,
        ),
    ]


def wal_buffers(asked: Asked, buffers: float) -> Advice:
    """PostgreSQL's own choice; one that was made by hand will do when it is no smaller."""
    held = int(min(buffers / 32, 16 * MB))
    now = asked.settings.get("wal_buffers")
    is_chosen = now is not None and now.source == "configuration file"
    return Advice(
        "wal_buffers",
        held,
        "-1",
        "with -1 PostgreSQL takes 1/32 of shared_buffers by itself, 16 MB at most "
        f"({readable(held)} with the value above)",
        f"{DOCS} on it",
        held if is_chosen else 0,
    )


def wal_compression(asked: Asked) -> Advice | None:
    """lz4 where the server was built with it."""
    now = asked.settings.get("wal_compression")
    if now is None or "lz4" not in now.choices:
        return None
    return Advice(
        "wal_compression",
        "lz4",
        "lz4",
        "the first change of a page after a checkpoint writes the whole page to the log: packed, "
        "it takes less disk for little work (for changes here and there; loading gains nothing)",
        f"{DOCS} on it",
        others=("zstd", "pglz", "on"),
    )


def jit(asked: Asked) -> Advice | None:
    """Off, where it can be on."""
    if not asked.has_jit:
        return None
    return Advice(
        "jit",
        "off",
        "off",
        "compiling a statement pays for those that run for seconds; convoai's take milliseconds, "
        "and one whose cost is overestimated waits for the compiler",
        f"{DOCS}, When to JIT",
    )


def parallel(machine: Machine) -> list[Advice]:
    """As many workers as cores, where there are more than PostgreSQL's default of 8."""
    if machine.cores is None:
        return []
    workers, builders = max(machine.cores, 8), max(2, min(machine.cores // 2, 4))
    many = "so that one statement can use more cores; 8 is the default"
    return [
        Advice("max_worker_processes", workers, str(workers), f"one a core, {many}", PGTUNE),
        Advice("max_parallel_workers", workers, str(workers), f"one a core, {many}", PGTUNE),
        Advice(
            "max_parallel_maintenance_workers",
            builders,
            str(builders),
            "half of the cores, 2 to 4, for building an index",
            PGTUNE,
        ),
    ]


def _type(purpose: Purpose) -> str:
    return {Purpose.WEB: "web", Purpose.LOAD: "data warehouse", Purpose.SHARED: "desktop"}[purpose]
