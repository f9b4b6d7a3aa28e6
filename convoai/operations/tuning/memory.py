"""Formulas of what takes memory. Sources: see each; sizes in bytes."""

from __future__ import annotations

from dataclasses import dataclass

from convoai.operations.tuning.advice import (
    DOCS,
    PGTUNE,
    WIKI,
    Advice,
    Purpose,
    clamp,
    size_advice,
)
from convoai.operations.tuning.asking import Asked
from convoai.operations.tuning.machine import Machine
from convoai.operations.tuning.units import GB, MB, readable

# convoai's own need, measured in docs/tuning.md: what all of it shares with the background
# worker, and each web process with the embedder loaded.
OWN_MEMORY, PROCESS_MEMORY = 192 * MB, 128 * MB


@dataclass(frozen=True)
class Budget:
    """How much of the machine's memory the database may count on, and how that came about."""

    size: int
    lines: tuple[str, ...]


def budget_of(machine: Machine, asked: Asked, purpose: Purpose) -> Budget | None:
    """The database's part of the memory; None when the machine cannot be seen."""
    if machine.memory is None:
        return None
    size, lines = machine.memory, []
    if machine.is_ours:
        if purpose == Purpose.SHARED:
            size //= 2
            lines.append("half is left to other programs, such as a browser (--for shared)")
        own = OWN_MEMORY + asked.processes.web * PROCESS_MEMORY
        size = max(size - own, machine.memory // 4)
        lines.append(f"convoai's own {asked.processes.web + 1} processes get {readable(own)}")
    lines.append(f"{readable(size)} is counted on for the database")
    return Budget(size, tuple(lines))


def shared_buffers(machine: Machine, asked: Asked, budget: Budget) -> Advice:
    """A quarter of the budget, an eighth below 1 GB, and no more than the database can use;
    32 MB at least."""
    part = 4 if budget.size >= GB else 8
    share = budget.size / part
    useful = max(2 * asked.database, 128 * MB)
    size = min(share, useful)
    words = "a quarter" if part == 4 else "an eighth (there is less than 1 GB)"
    reason = f"PostgreSQL's own cache: {words} of {readable(budget.size)}"
    if useful < share:
        reason += (
            f", but no more than twice the database ({readable(asked.database)}), or 128 MB: the "
            "rest would stay empty"
        )
    now = asked.settings.get("shared_buffers")
    if machine.free is not None and now is not None and isinstance(now.value, int):
        # What it holds now would be free too.
        room = (machine.free + now.value) / 2
        if room < size:
            size = room
            reason += f"; held down to half of what is free now ({readable(machine.free)})"
    # More than the database needs does no harm while it is no more than the machine's share.
    return size_advice(
        "shared_buffers",
        max(size, 32 * MB),
        reason,
        f"{DOCS} on shared_buffers: 25 % from 1 GB on, less below; {PGTUNE}",
        most=1.5 * max(share, size),
    )


def effective_cache_size(budget: Budget, buffers: Advice) -> Advice:
    """Three quarters of the budget."""
    return size_advice(
        "effective_cache_size",
        max(budget.size * 0.75, float(buffers.value)),
        "takes no memory; tells the planner how much of the database it may expect in memory, "
        f"its own and the system's: three quarters of {readable(budget.size)}",
        f"{WIKI}; {PGTUNE}",
    )


def work_mem(asked: Asked, budget: Budget, buffers: Advice, purpose: Purpose) -> Advice:
    """The rest of the budget shared by all statements that can run at once, three sorts each."""
    active = asked.processes.active
    most = (256 if purpose == Purpose.LOAD else 64) * MB
    size = clamp((budget.size - float(buffers.value)) / (active * 3), 4 * MB, most)
    return size_advice(
        "work_mem",
        size,
        "each sort or hash of a statement may take so much before it writes to disk: what "
        f"shared_buffers leaves, by {active} statements at once (threads of the web processes, and "
        f"the worker) and three such steps in each; 4 MB to {most // MB} MB",
        f"{PGTUNE}, with statements that can run at once in place of max_connections",
    )


def maintenance_work_mem(asked: Asked, budget: Budget, purpose: Purpose) -> Advice:
    """A sixteenth of the budget, an eighth for loading."""
    part = 8 if purpose == Purpose.LOAD else 16
    most = (2 if asked.major >= 17 else 1) * GB
    return size_advice(
        "maintenance_work_mem",
        clamp(budget.size / part, 32 * MB, most),
        f"for building indexes and for VACUUM: 1/{part} of {readable(budget.size)}, for up to "
        f"three cleaners may take so much at once; 32 MB to {most // GB} GB",
        f"{PGTUNE}; {DOCS} on it",
        most=2 * clamp(budget.size / part, 32 * MB, most),
    )


def is_too_much(buffers: int, machine: Machine) -> bool:
    """Whether shared_buffers leave the rest of the machine too little: above 40 % (PostgreSQL
    documentation on it)."""
    return machine.memory is not None and buffers > 0.4 * machine.memory
