"""Times told from the day of the talk ("last Friday", "two years ago") as dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from convoai.analysis.offline.calendar_words import (
    DOUBTFUL_MONTHS,
    MONTHS,
    NUMBERS,
    SEASONS,
    VAGUE_NUMBERS,
    WEEKDAYS,
    day_of,
    day_step,
    month_step,
    number_of,
    spelled,
    year_of,
)

Precision = Literal["day", "week", "month", "season", "year"]
UNITS = {
    "day": "day", "days": "day", "week": "week", "weeks": "week", "month": "month",
    "months": "month", "year": "year", "years": "year", "weekend": "weekend",
    "weekends": "weekend", "decade": "decade", "decades": "decade",
}  # fmt: skip
# Said before a time: taken over by the date's own, or kept.
SWALLOWED = frozenset({"on", "in", "during", "at", "over", "this"})
NEVER_THIS = frozenset({"yesterday", "today", "tonight", "tomorrow", "last", "next", "day"})
KEPT = frozenset({"since", "until", "till", "by", "before", "after", "from", "for", "of"})
# Said between a number and its unit, or before both.
FILLERS = frozenset({"of", "about", "around", "almost", "nearly", "just", "over"})
# A time that is counted or dated begins with one of these, or with a digit.
BEGINNINGS = FILLERS | {"in", *NUMBERS, *MONTHS, *WEEKDAYS}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in a clause: words `first` to `last`, how to write it, and its first day."""

    first: int
    last: int
    text: str
    start: date
    precision: Precision


@dataclass(frozen=True, slots=True)
class _Found:
    last: int
    day: date | None
    precision: Precision
    about: bool = False


def moments_of(lower: Sequence[str], today: date, is_past: bool = True) -> list[Moment]:
    """The times told in these lower-case words, from left to right, without overlap.

    `is_past` decides whether a bare "on Friday" or "in March" lies behind or ahead.
    """
    found: list[Moment] = []
    place = 0
    while place < len(lower):
        hit = _at(lower, place, today, is_past)
        if hit is None or hit.day is None:
            place += 1
            continue
        first = place
        before = lower[first - 1] if first else ""
        if before == "the" and lower[place] == "day":
            first, before = first - 1, lower[first - 2] if first > 1 else ""
        if before in {"the"} and first > 1 and lower[first - 2] in SWALLOWED:
            first, before = first - 1, lower[first - 2]
        if before == "this" and lower[place] in NEVER_THIS:
            # "I got this yesterday": a thing, not a time.
            before = ""
        if before in SWALLOWED and not (found and found[-1].last >= first - 1):
            first -= 1
        text = written(hit.day, hit.precision, hit.about, bare=before in KEPT)
        found.append(Moment(first, hit.last, text, hit.day, hit.precision))
        place = hit.last + 1
    return found


def written(day: date, precision: Precision, about: bool = False, bare: bool = False) -> str:
    """A date in words: "on 5 May 2023", "in May 2023", "in the week of 1 May 2023"."""
    season = next((name for name, month in SEASONS.items() if month == day.month), "winter")
    text, lead = {
        "day": (spelled(day), "on"),
        "week": (f"the week of {spelled(day)}", "in"),
        "month": (f"{day:%B} {day.year}", "in"),
        "season": (f"{season} {day.year}", "in"),
        "year": (str(day.year), "in"),
    }[precision]
    if about:
        return f"around {text}"
    return text if bare else f"{lead} {text}"


def _at(lower: Sequence[str], place: int, today: date, is_past: bool) -> _Found | None:
    word = lower[place]
    rest = lower[place + 1 : place + 5]
    after = rest[0] if rest else ""
    if word == "day" and rest[:2] in (["after", "tomorrow"], ["before", "yesterday"]):
        part = len(rest) > 2 and rest[2] in {"morning", "evening", "night", "afternoon"}
        return _Found(place + 2 + part, day_step(today, 2 if after == "after" else -2), "day")
    if word in {"yesterday", "today", "tonight", "tomorrow"}:
        step = {"yesterday": -1, "tomorrow": 1}.get(word, 0)
        more = int(after in {"morning", "evening", "night", "afternoon"})
        return _Found(place + more, day_step(today, step), "day")
    if word == "last" and after == "night":
        return _Found(place + 1, day_step(today, -1), "day")
    if word == "this" and after in {"morning", "evening", "afternoon"}:
        return _Found(place + 1, today, "day")
    if word in {"last", "next", "this", "past", "coming", "upcoming"} and after:
        return _near(word, after, place, today)
    if word not in BEGINNINGS and not word[0].isdigit():
        return None
    return _ago(lower, place, today) or _dated(lower, place, today, is_past)


def _near(word: str, after: str, place: int, today: date) -> _Found | None:
    """Last week, next Friday, this summer."""
    step = {"last": -1, "past": -1, "next": 1}.get(word, 0)
    last = place + 1
    if after in WEEKDAYS:
        return _Found(last, _weekday(today, WEEKDAYS[after], step or 1), "day")
    if after in MONTHS:
        return _Found(last, _month(today, MONTHS[after], step), "month")
    if after in SEASONS:
        year = today.year + step
        if step == 0 or (step == -1 and SEASONS[after] + 2 < today.month):
            year = today.year
        return _Found(last, day_of(year, SEASONS[after], 1), "season")
    unit = UNITS.get(after)
    if unit == "week":
        return _Found(last, day_step(today, -today.weekday() + 7 * step), "week")
    if unit == "weekend":
        saturday = 5 - today.weekday()
        if step == -1:
            saturday = -today.weekday() - 2 if today.weekday() < 6 else -8
        return _Found(last, day_step(today, saturday + (7 if step == 1 else 0)), "day", True)
    if unit == "month":
        return _Found(last, month_step(today, step), "month")
    if unit == "year":
        return _Found(last, day_of(today.year + step, 1, 1), "year")
    return None


def _weekday(today: date, weekday: int, step: int) -> date | None:
    """The last or the next such day, never today."""
    ahead = (weekday - today.weekday()) % 7 or 7
    return day_step(today, ahead if step > 0 else ahead - 7 - (7 if ahead == 7 else 0))


def _month(today: date, month: int, step: int) -> date | None:
    year = today.year
    if step > 0 and month <= today.month:
        year += 1
    if step < 0 and month >= today.month:
        year -= 1
    return day_of(year, month, 1)


def _ago(lower: Sequence[str], place: int, today: date) -> _Found | None:
    """Two years ago, a few weeks ago, a couple of days ago; in two weeks, in a month."""
    ahead = lower[place] == "in"
    begin = place + ahead
    at = begin
    count, about = None, False
    while at < len(lower) and at < begin + 3:
        about = about or lower[at] in VAGUE_NUMBERS
        number = number_of(lower[at])
        if number is not None:
            count = number
        elif lower[at] not in FILLERS:
            break
        at += 1
    unit = UNITS.get(lower[at]) if at < len(lower) else None
    if count is None or unit is None or count > 150:
        return None
    if ahead:
        # "I haven't slept in two days" tells a span, not a day.
        denied = any(w.endswith("n't") or w in {"not", "never"} for w in lower[:place])
        if denied:
            return None
        return _step(count, unit, at, today, about)
    if lower[at + 1 : at + 2] in (["ago"], ["back"]):
        return _step(-count, unit, at + 1, today, about)
    return None


def _step(count: int, unit: str, last: int, today: date, about: bool) -> _Found | None:
    if unit == "day":
        return _Found(last, day_step(today, count), "day", about)
    if unit in {"week", "weekend"}:
        return _Found(last, day_step(today, 7 * count), "day", True)
    if unit == "month":
        return _Found(last, month_step(today, count), "month", about)
    years = count * (10 if unit == "decade" else 1)
    return _Found(last, day_of(today.year + years, 1, 1), "year", about)


def _dated(lower: Sequence[str], place: int, today: date, is_past: bool) -> _Found | None:
    """5 March 2023, March 5th, in March, on Friday, the 15th, in 2019."""
    word = lower[place]
    before = lower[place - 1] if place else ""
    told = before in SWALLOWED | KEPT | {"early", "late", "mid", "around", "about", "last", "next"}
    if word in MONTHS:
        return _month_first(lower, place, today, is_past, told)
    if word in WEEKDAYS and (told or before in {"", "this"}):
        return _Found(place, _weekday(today, WEEKDAYS[word], -1 if is_past else 1), "day")
    year = year_of(word)
    if year and told:
        return _Found(place, day_of(year, 1, 1), "year")
    number = number_of(word)
    if number is None or not word[0].isdigit() or number > 31:
        return None
    month_at = place + 1 + (lower[place + 1 : place + 2] == ["of"])
    if month_at < len(lower) and lower[month_at] in MONTHS:
        return _with_year(lower, month_at, MONTHS[lower[month_at]], number, today, is_past)
    if before == "the" and not word.isdigit() and place > 1 and lower[place - 2] == "on":
        day = day_of(today.year, today.month, number)
        if day and is_past and day > today:
            previous = month_step(today, -1)
            day = previous and day_of(previous.year, previous.month, number)
        return _Found(place, day, "day")
    return None


def _month_first(
    lower: Sequence[str], place: int, today: date, is_past: bool, told: bool
) -> _Found | None:
    month = MONTHS[lower[place]]
    after = lower[place + 1] if place + 1 < len(lower) else ""
    year = year_of(after)
    if year:
        return _Found(place + 1, day_of(year, month, 1), "month")
    number = number_of(after) if after[:1].isdigit() else None
    if number is not None and 1 <= number <= 31:
        return _with_year(lower, place + 1, month, number, today, is_past)
    if not told or (lower[place] in DOUBTFUL_MONTHS and lower[place - 1] not in {"in", "since"}):
        return None
    return _Found(place, _month(today, month, -1 if is_past else 1), "month")


def _with_year(
    lower: Sequence[str], last: int, month: int, day: int, today: date, is_past: bool
) -> _Found | None:
    year = year_of(lower[last + 1]) if last + 1 < len(lower) else None
    if year:
        return _Found(last + 1, day_of(year, month, day), "day")
    found = day_of(today.year, month, day)
    if found and is_past and found > today:
        found = day_of(today.year - 1, month, day)
    elif found and not is_past and found < today:
        found = day_of(today.year + 1, month, day)
    return _Found(last, found, "day")
