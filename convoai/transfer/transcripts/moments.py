"""Times as files write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from convoai.refusals import Refusal

FIRST_YEAR, LAST_YEAR = 1900, 2200
LONGEST = 40
CLOCK = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,2}):([0-9]{2})(?:[.,]([0-9]{1,3}))?", re.ASCII)
PLAIN_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def iso_moment(text: str, naive_tz: tzinfo) -> datetime | None:
    """An ISO 8601 date or time as UTC; None for anything else, also for years no row can hold."""
    if len(text) > LONGEST or not PLAIN_DATE.match(text):
        return None
    if not text.isascii():
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=naive_tz)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None


def clock_seconds(text: str) -> float | None:
    """Seconds of `0:12`, `01:02:03` or `01:02:03.250` from the start; None for anything else."""
    match = CLOCK.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return None
    hours, minutes, seconds, fraction = match.groups()
    total = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return total + (int(fraction.ljust(3, "0")) / 1000 if fraction else 0)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def zone(name: str) -> tzinfo:
    """The time zone of that name, such as Europe/Berlin. Raises Refusal `unknown_zone`."""
    # Known also where the machine has no list of zones.
    if name == "UTC":
        return UTC
    if name not in _zone_names():
        message = "There is no time zone of this name; give one like UTC or Europe/Berlin."
        raise Refusal("unknown_zone", message, place=("body", "naive_tz"))
    return ZoneInfo(name)
