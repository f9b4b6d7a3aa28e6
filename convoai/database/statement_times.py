"""How long this process's statements took, by route: added up in memory until somebody takes it.

Bounded in every way: entries, length of a statement, texts known by heart. Holds no values.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from convoai.database.folding import LONGEST_READ, fold

# Route x statement in one process between two takings; what comes beyond is added up as one.
MOST_ENTRIES = 500
OTHER = ("other", "(other statements)")
# Texts as Django writes them, whose folded form is known.
MOST_TEXTS = 500
# Bucket n of a histogram holds times up to FIRST * sqrt(2)**n microseconds: 16 us to 4 min.
BUCKETS, FIRST = 48, 16.0

Key = tuple[str, str]


@dataclass(slots=True)
class Times:
    """What one statement of one route took; times in microseconds."""

    calls: int = 0
    total: int = 0
    longest: int = 0
    histogram: list[int] = field(default_factory=lambda: [0] * BUCKETS)

    def add(self, microseconds: int) -> None:
        self.calls += 1
        self.total += microseconds
        self.longest = max(self.longest, microseconds)
        self.histogram[bucket(microseconds)] += 1

    def merge(self, other: Times) -> None:
        self.calls += other.calls
        self.total += other.total
        self.longest = max(self.longest, other.longest)
        self.histogram = [a + b for a, b in zip(self.histogram, other.histogram, strict=True)]


def bucket(microseconds: float) -> int:
    """The number of the bucket of a histogram that a time falls into."""
    if microseconds <= FIRST:
        return 0
    return min(BUCKETS - 1, math.ceil(2 * math.log2(microseconds / FIRST)))


def quantile(histogram: list[int], share: float, longest: int) -> float:
    """The time in microseconds within which this share of the calls ended; off by at most 41 %.

    The upper edge of its bucket, and never more than the longest.
    """
    wanted, seen = share * sum(histogram), 0
    for number, count in enumerate(histogram):
        seen += count
        if count and seen >= wanted:
            return min(FIRST * 2 ** (number / 2), float(longest))
    return float(longest)


class Record:
    """The times of one process; every method may be called from any thread."""

    def __init__(self, *, most: int = MOST_ENTRIES) -> None:
        self._most = most
        self._entries: dict[Key, Times] = {}
        self._texts: dict[str, str] = {}
        self._lock = threading.Lock()

    def note(self, route: str, statement: str, seconds: float) -> bool:
        """Add one call of a statement; True when it is the first entry since the last taking."""
        text = self._texts.get(statement) or self._folded(statement)
        with self._lock:
            is_first = not self._entries
            entry = self._entries.get((route, text))
            if entry is None:
                entry = self._new((route, text))
            entry.add(int(seconds * 1_000_000))
            return is_first

    def take(self) -> dict[Key, Times]:
        """Everything since the last taking; begin anew."""
        with self._lock:
            taken, self._entries = self._entries, {}
        return taken

    def give_back(self, taken: dict[Key, Times]) -> None:
        """What could not be stored counts next time."""
        with self._lock:
            for key, times in taken.items():
                entry = self._entries.get(key)
                (self._new(key) if entry is None else entry).merge(times)

    def _new(self, key: Key) -> Times:
        if len(self._entries) >= self._most:
            return self._entries.setdefault(OTHER, Times())
        return self._entries.setdefault(key, Times())

    def _folded(self, statement: str) -> str:
        text = fold(statement)
        if len(statement) < LONGEST_READ and not text.endswith("SAVEPOINT ?"):
            if len(self._texts) >= MOST_TEXTS:
                self._texts.clear()
            self._texts[statement] = text
        return text


# What runs now, for each thread or task; "" is not recorded. Else the process's own name.
_route: ContextVar[str | None] = ContextVar("route", default=None)
_of_process: list[str] = []
_when_first: list[Callable[[], None]] = []
record = Record()


def switch_on(route: str, when_first: Callable[[], None]) -> None:
    """Record from now on, as `route` where no other is set.

    `when_first` is called with the first entry after each taking, in the thread of the statement.
    """
    _of_process[:], _when_first[:] = [route], [when_first]


def switch_off() -> None:
    _of_process.clear()
    _when_first.clear()
    record.take()


def is_on() -> bool:
    return bool(_of_process)


def set_route(route: str | None) -> None:
    """What this thread's statements belong to from now on; None for the process's own name."""
    _route.set(route)


@contextmanager
def recorded_as(route: str) -> Iterator[None]:
    """What is run inside belongs to this route; with "" it is not recorded."""
    token = _route.set(route)
    try:
        yield
    finally:
        _route.reset(token)


def note(statement: str, seconds: float) -> None:
    """Record a statement of the present route. Never raises."""
    route = _route.get()
    if route is None:
        route = _of_process[0] if _of_process else ""
    if route and record.note(route, statement, seconds):
        tell_of_entries()


def tell_of_entries() -> None:
    """Have what was counted stored in a while."""
    for call in _when_first:
        call()


def _begin_anew() -> None:
    """In a forked child: what the parent has counted is the parent's to store."""
    global record
    record = Record()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
