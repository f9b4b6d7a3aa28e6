"""What an examination finds: objects for whoever prints them, and the exit code they ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any


class Level(IntEnum):
    """How much a finding matters; the higher, the worse."""

    OK = 0
    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        return self.name.lower()


# For monitors: 0 all is well, 1 something wants attention, 2 something does not work.
EXIT_CODES = {Level.OK: 0, Level.INFO: 0, Level.WARNING: 1, Level.ERROR: 2}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    `id` is stable (`room.thing`), for monitors; `message` says what is, `hint` what to do, with
    the command as it is typed here; `evidence` holds the figures. None of them holds a password or
    what people said.
    """

    id: str
    level: Level
    message: str
    hint: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "level": self.level.word}


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level among the findings; OK when there is none."""
    return max((finding.level for finding in findings), default=Level.OK)


def exit_code(findings: Iterable[Finding]) -> int:
    """0, 1 or 2, by the worst level."""
    return EXIT_CODES[worst(findings)]


def ok(id: str, message: str, **evidence: Any) -> Finding:
    return Finding(id, Level.OK, message, evidence=evidence)


def info(id: str, message: str, hint: str = "", **evidence: Any) -> Finding:
    return Finding(id, Level.INFO, message, hint, evidence)


def warning(id: str, message: str, hint: str, **evidence: Any) -> Finding:
    return Finding(id, Level.WARNING, message, hint, evidence)


def error(id: str, message: str, hint: str, **evidence: Any) -> Finding:
    return Finding(id, Level.ERROR, message, hint, evidence)
