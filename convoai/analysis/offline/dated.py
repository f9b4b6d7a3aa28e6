"""Known facts that are dates: birthdays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from convoai.analysis.offline.clauses import Clause
from convoai.analysis.offline.matching import Match
from convoai.analysis.offline.times import moments_of


def birthdays_of(clause: Clause, today: date) -> Iterator[Match]:
    """ "My birthday is on the 3rd of May", "I was born on 3 May 1990"."""
    lower = clause.lower
    for begin in range(len(lower) - 2):
        three = lower[begin : begin + 3]
        if three[:2] == ["my", "birthday"]:
            at = begin + 2
        elif three == ["i", "was", "born"]:
            at = begin + 3
        else:
            continue
        if at < len(lower) and (lower[at] in {"is", "was", "on", "falls"} or three[2] == "born"):
            yield from _dated(clause, begin, at, today)


def _dated(clause: Clause, begin: int, at: int, today: date) -> Iterator[Match]:
    moments = moments_of(clause.lower, today, is_past=False)
    moment = next((m for m in moments if at - 1 <= m.first <= at + 2), None)
    if moment is None or moment.precision != "day":
        return
    words = clause.lower[moment.first : moment.last + 1]
    value = f"{moment.start.day} {moment.start:%B}"
    if any(len(word) == 4 and word.isdigit() for word in words):
        value = f"{value} {moment.start.year}"
    yield Match("birthday", value, begin, moment.last + 1, 0.9)
