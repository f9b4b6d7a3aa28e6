"""Names and numbers that times are told with, and steps in the calendar."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march", "april", "may", "june", "july",
            "august aug", "september sept sep", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
# Also ordinary words; a month only with a day, a year, or a word before that says so.
DOUBTFUL_MONTHS = frozenset({"may", "march"})
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon", "tuesday tue tues", "wednesday wed", "thursday thu thurs",
            "friday fri", "saturday", "sunday",
        )
    )
    for name in names.split()
}  # fmt: skip
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
COUNTED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty"
)
NUMBERS = {name: number for number, name in enumerate(COUNTED.split())} | {
    "a": 1, "an": 1, "couple": 2, "few": 3, "several": 4, "thirty": 30, "forty": 40, "fifty": 50,
}  # fmt: skip
VAGUE_NUMBERS = frozenset({"couple", "few", "several", "about", "around", "almost", "nearly"})
FIRST_YEAR, LAST_YEAR = 1900, 2200


def number_of(word: str) -> int | None:
    """The number a word stands for: 'two', '12', '3rd'."""
    if word in NUMBERS:
        return NUMBERS[word]
    if not word[:1].isdigit():
        return None
    digits = word.removesuffix("st").removesuffix("nd").removesuffix("rd").removesuffix("th")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 4 else None


def year_of(word: str) -> int | None:
    """The year a word of four digits stands for."""
    if len(word) == 4 and word.isascii() and word.isdigit() and FIRST_YEAR <= int(word) < LAST_YEAR:
        return int(word)
    return None


def day_of(year: int, month: int, day: int) -> date | None:
    """The date, or None where the calendar has none such."""
    if not FIRST_YEAR <= year < LAST_YEAR or not 1 <= month <= 12:
        return None
    return date(year, month, day) if 1 <= day <= monthrange(year, month)[1] else None


def month_step(day: date, months: int) -> date | None:
    """The first of the month so many months away."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day_of(year, month + 1, 1)


def day_step(day: date, days: int) -> date | None:
    """The day so many days away, inside the years that are kept."""
    ordinal = day.toordinal() + days
    if not date(FIRST_YEAR, 1, 1).toordinal() <= ordinal < date(LAST_YEAR, 1, 1).toordinal():
        return None
    return day + timedelta(days=days)


def spelled(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
