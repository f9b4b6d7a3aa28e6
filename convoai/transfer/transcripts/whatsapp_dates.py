"""The dates of WhatsApp's exports, which follow the settings of the phone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from convoai.refusals import Refusal

# Android `31/01/2024, 21:05 - `, iOS `[1/31/24, 9:05:33 PM] `. Each part is of bounded length, and
# no two neighbours match the same characters.
GAP = "[ \u00a0\u202f]"
HEAD = re.compile(
    r"[\u200e\u200f]{0,2}(\[)?([0-9]{1,4})([./-])([0-9]{1,2})\3([0-9]{1,4}),?"
    rf"{GAP}(?:(?:à|at|um|às|alle){GAP})?"
    r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2}))?"
    rf"(?:{GAP}?([AaPp])\.?{GAP}?[Mm]\.?)?"
    rf"(?(1)\]{GAP}|{GAP}[-–]{GAP})"
)
FIRST_CHARACTERS = frozenset("0123456789[\u200e\u200f")
CENTURY = 2000


@dataclass(slots=True)
class Stamp:
    """The numbers of a date as they stand, the time of day, and where the head of the line ends."""

    first: int
    second: int
    third: int
    has_dots: bool
    clock: tuple[int, int, int]
    end: int

    @property
    def is_year_first(self) -> bool:
        return self.first > 31

    def moment(self, order: str) -> datetime | None:
        """The time without a zone, with the day or the month first; None if there is no such."""
        if self.is_year_first:
            year, month, day = self.first, self.second, self.third
        elif order == "month":
            month, day, year = self.first, self.second, self.third
        else:
            day, month, year = self.first, self.second, self.third
        try:
            return datetime(year if year > 99 else CENTURY + year, month, day, *self.clock)  # noqa: DTZ001 - the caller knows the zone
        except ValueError:
            return None


def stamp_of(line: str) -> Stamp | None:
    """The date and time that a line begins with, if it is the head of a message."""
    if line[:1] not in FIRST_CHARACTERS:
        return None
    match = HEAD.match(line)
    if match is None:
        return None
    _, first, mark, second, third, hour, minute, seconds, half = match.groups()
    clock = _clock(int(hour), int(minute), int(seconds or 0), half)
    if clock is None or len(third) == 3 or len(first) == 3:
        return None
    return Stamp(int(first), int(second), int(third), mark == ".", clock, match.end())


def _clock(hour: int, minute: int, second: int, half: str | None) -> tuple[int, int, int] | None:
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "Pp" else 0)
    return (hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def order_of(stamps: Iterable[Stamp]) -> str:
    """Whether these dates have the day or the month first; "" when all have the year first.

    A number above 12 tells it, or dots, or that the dates go forward in one order only. Raises
    Refusal `ambiguous_dates` when nothing does.
    """
    numbers = [stamp for stamp in stamps if not stamp.is_year_first]
    if not numbers:
        return ""
    can_be = {
        "day": all(stamp.second <= 12 for stamp in numbers),
        "month": all(stamp.first <= 12 for stamp in numbers),
    }
    if can_be["day"] != can_be["month"]:
        return "day" if can_be["day"] else "month"
    if can_be["day"]:
        if all(stamp.has_dots for stamp in numbers) or all(
            stamp.first == stamp.second for stamp in numbers
        ):
            return "day"
        steps_back = {order: _steps_back(numbers, order) for order in can_be}
        forward = [order for order, steps in steps_back.items() if not steps]
        if len(forward) == 1:
            return forward[0]
    message = (
        "The dates can be read with the day or the month first; say which: "
        "date_order=day or date_order=month (in the command: --date-order)."
    )
    raise Refusal("ambiguous_dates", message, place=("body", "date_order"))


def _steps_back(stamps: list[Stamp], order: str) -> int:
    """How often a date is earlier than the one before it."""
    moments = [moment for stamp in stamps if (moment := stamp.moment(order))]
    days = [moment.date() for moment in moments]
    return sum(later < earlier for earlier, later in pairwise(days))
