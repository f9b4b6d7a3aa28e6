"""Dates that are coming up: what begins later, plans, birthdays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from convoai.briefing.known import Known

BIRTHDAYS_AHEAD = timedelta(days=60)
# A plan without a date is still a plan after half a year, later hardly.
PLANS_LAST = timedelta(days=182)
BIRTHDAY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)? (?:of )?([A-Z][a-z]+)")
BIRTHDAY_MONTH_FIRST = re.compile(r"\b([A-Z][a-z]+) (\d{1,2})\b")


def coming_up(facts: Iterable[Known], moment: datetime) -> list[tuple[Known, date | None]]:
    """Facts with their date ahead, the next first, and then plans without a date (None)."""
    found = list(_ahead(facts, moment))
    return sorted(found, key=lambda pair: (pair[1] is None, pair[1] or date.max))


def _ahead(facts: Iterable[Known], moment: datetime) -> Iterator[tuple[Known, date | None]]:
    for fact in facts:
        if fact.valid_from and fact.valid_from > moment:
            yield fact, fact.valid_from.date()
        elif fact.key == "birthday":
            day = next_birthday(fact.value, moment.date())
            if day and day - moment.date() <= BIRTHDAYS_AHEAD:
                yield fact, day
        elif fact.key == "plan" and is_undated(fact) and fact.learned_at > moment - PLANS_LAST:
            yield fact, None


def is_undated(fact: Known) -> bool:
    """Whether nothing says when: analysing gives a fact without a date the day of its talk."""
    return fact.valid_from is None or fact.valid_from == fact.talk_at


def next_birthday(text: str, today: date) -> date | None:
    """The next day on or after today that "3 June" or "June 3, 1988" means; None if none."""
    if match := BIRTHDAY.search(text):
        day, month = match.groups()
    elif match := BIRTHDAY_MONTH_FIRST.search(text):
        month, day = match.groups()
    else:
        return None
    for year in (today.year, today.year + 1):
        found = day_named(f"{day} {month[:3]} {year}", "%d %b %Y")
        if found and found >= today:
            return found
    return None


def day_named(text: str, form: str = "%d %B %Y") -> date | None:
    """The day that "3 June 2026" names; None if there is none."""
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC).date()
    except ValueError:
        return None
