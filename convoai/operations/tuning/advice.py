"""One recommended value: what, why, from where, and from when to when the present one will do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from convoai.operations.tuning.units import GB, Value, rounded, size_text

DOCS = "PostgreSQL documentation"
WIKI = "PostgreSQL wiki, Tuning Your PostgreSQL Server"
PGTUNE = "pgtune"


class Purpose(StrEnum):
    """What the machine is for: answering people, filling the database, or other programs too."""

    WEB = "web"
    LOAD = "load"
    SHARED = "shared"


@dataclass(frozen=True)
class Advice:
    """`value` is bytes for a size; `text` is it as ALTER SYSTEM takes it.

    A present value between `least` and `most` will do (None: no bound), or one of `others`.
    """

    name: str
    value: Value
    text: str
    reason: str
    source: str
    least: float | None = None
    most: float | None = None
    others: tuple[str, ...] = ()

    def suits(self, now: Value) -> bool:
        """Whether nothing is to be done about the value `now`."""
        if isinstance(now, str) or isinstance(self.value, str):
            return now == self.value or now in self.others
        least = self.value if self.least is None else self.least
        most = float("inf") if self.most is None else self.most
        # Settings are stored in blocks and kilobytes: what differs by less is the same.
        return least * 0.999 <= now <= most * 1.001


def size_advice(
    name: str, size: float, reason: str, source: str, *, most: float | None = None
) -> Advice:
    """A size that need not be met exactly: three quarters of it will do, and half as much more.

    So the advice does not change with each megabyte that the database grows.
    """
    value = rounded(size)
    return Advice(name, value, size_text(value), reason, source, 0.75 * value, most or 1.5 * value)


def clamp(number: float, least: float, most: float = 1024 * GB) -> float:
    """`number` within these bounds; the upper one wins."""
    return min(max(number, least), most)
