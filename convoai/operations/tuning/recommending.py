"""The recommended settings for a machine, next to those it has."""

from __future__ import annotations

from dataclasses import dataclass

from convoai.operations.findings import Level
from convoai.operations.tuning import memory, running
from convoai.operations.tuning.advice import Advice, Purpose
from convoai.operations.tuning.asking import Asked, Setting
from convoai.operations.tuning.machine import Machine
from convoai.operations.tuning.memory import Budget, budget_of
from convoai.operations.tuning.tables import TableAdvice, table_advice
from convoai.operations.tuning.units import MB, size_of

NAMES = [
    "shared_buffers",
    "effective_cache_size",
    "work_mem",
    "maintenance_work_mem",
    "max_connections",
    "random_page_cost",
    "effective_io_concurrency",
    "max_wal_size",
    "min_wal_size",
    "checkpoint_completion_target",
    "wal_buffers",
    "wal_compression",
    "jit",
    "max_worker_processes",
    "max_parallel_workers",
    "max_parallel_maintenance_workers",
]
# Settings whose server command line, database or role would win over ALTER SYSTEM.
STRONGER = {
    "command line": "the command line that starts the server",
    "environment variable": "an environment variable of the server",
    "database": "the database's own settings (ALTER DATABASE … RESET)",
    "user": "the role's own settings (ALTER ROLE … RESET)",
    "database user": "the role's own settings in this database (ALTER ROLE … IN DATABASE … RESET)",
    "client": "the connection (options in DATABASE_URL)",
}


@dataclass(frozen=True)
class Recommendation:
    """An advice and the setting it is about."""

    advice: Advice
    now: Setting

    @property
    def is_met(self) -> bool:
        return self.advice.suits(self.now.value) and not self.now.is_waiting

    @property
    def stronger(self) -> str:
        """What sets it in a place that wins over ALTER SYSTEM; empty when nothing does."""
        return STRONGER.get(self.now.source, "")


@dataclass(frozen=True)
class Recommended:
    """Everything that `tune` has to say of a server on a machine."""

    machine: Machine
    asked: Asked
    purpose: Purpose
    budget: Budget | None
    settings: list[Recommendation]
    tables: list[TableAdvice]
    # What nothing can be said of, with the reason.
    unknown: dict[str, str]

    @property
    def to_change(self) -> list[Recommendation]:
        return [one for one in self.settings if not one.is_met]


def recommend(machine: Machine, asked: Asked, purpose: Purpose) -> Recommended:
    """What the server of `asked` should have on this machine. Looks at nothing by itself."""
    budget = budget_of(machine, asked, purpose)
    advice = _advice(machine, asked, purpose, budget)
    settings = [
        Recommendation(one, asked.settings[one.name])
        for one in sorted(advice, key=lambda one: NAMES.index(one.name))
        if one.name in asked.settings
    ]
    known = {one.name for one in advice}
    return Recommended(
        machine,
        asked,
        purpose,
        budget,
        settings,
        list(table_advice(asked.tables)),
        {
            name: _why_unknown(name)
            for name in NAMES
            if name not in known and name in asked.settings
        },
    )


def _advice(
    machine: Machine, asked: Asked, purpose: Purpose, budget: Budget | None
) -> list[Advice]:
    found: list[Advice | None] = [
        running.max_connections(asked),
        running.effective_io_concurrency(machine, asked),
        *running.wal(machine, purpose),
        running.wal_compression(asked),
        running.jit(asked),
        *running.parallel(machine),
    ]
    cache = None
    if budget is not None:
        buffers = memory.shared_buffers(machine, asked, budget)
        expected = memory.effective_cache_size(budget, buffers)
        cache = float(expected.value)
        found += [
            buffers,
            expected,
            memory.work_mem(asked, budget, buffers, purpose),
            memory.maintenance_work_mem(asked, budget, purpose),
            running.wal_buffers(asked, float(buffers.value)),
        ]
    found.append(running.random_page_cost(machine, asked, cache))
    return [one for one in found if one is not None]


def _why_unknown(name: str) -> str:
    if name in {"random_page_cost", "effective_io_concurrency"}:
        return "it depends on the disk: say --disk ssd or --disk hdd"
    if name == "jit":
        return "this server was built without a compiler, so it has no effect"
    if name == "wal_compression":
        return "this server was built without lz4"
    if name.startswith("max_"):
        return "it depends on the processors: say --cores"
    return "it depends on the memory: say --memory"


def cache_level(recommended: Recommended) -> Level:
    """How bad the present shared_buffers are: a warning when they do not hold the database and
    twice as much is recommended, or when they leave too little to the machine.
    """
    now = size_of(recommended.asked.settings["shared_buffers"].value)
    if memory.is_too_much(now, recommended.machine):
        return Level.WARNING
    wanted = next((one for one in recommended.settings if one.now.name == "shared_buffers"), None)
    size = recommended.asked.database
    if wanted is None:
        # The machine cannot be seen: PostgreSQL's default is too small for any of these.
        return Level.WARNING if now <= 128 * MB and size > 1024 * MB else Level.OK
    is_small = now < size and now <= size_of(wanted.advice.value) / 2
    return Level.WARNING if is_small else Level.OK
