"""Years and months: their bounds, in UTC, and the names of their partitions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Length = Literal["year", "month"]
# How many periods after the current one have a partition.
AHEAD: dict[Length, int] = {"year": 1, "month": 3}
# Rows of other moments (infinity, before the first year, after the last one that Python knows)
# have none and lie in the default partition.
HAS_PERIOD = "created_at >= '0001-01-01 00:00Z' AND created_at < '9999-01-01 00:00Z'"


@dataclass(frozen=True, order=True)
class Period:
    """From `start` until before `end`."""

    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        """`2024`, or `2024_05` for a month: what stands behind the name of the table."""
        if (self.end - self.start).days > 31:
            return f"{self.start:%Y}"
        return f"{self.start:%Y_%m}"

    def bounds(self) -> str:
        """As CREATE TABLE … PARTITION OF takes them."""
        return f"FOR VALUES FROM ('{self.start.isoformat()}') TO ('{self.end.isoformat()}')"


def period_of(moment: datetime, by: Length) -> Period:
    """The year or month that `moment` lies in."""
    day = moment.astimezone(UTC)
    if by == "year":
        return Period(
            datetime(day.year, 1, 1, tzinfo=UTC), datetime(day.year + 1, 1, 1, tzinfo=UTC)
        )
    start = datetime(day.year, day.month, 1, tzinfo=UTC)
    following = (day.year + day.month // 12, day.month % 12 + 1)
    return Period(start, datetime(*following, 1, tzinfo=UTC))


def upcoming(now: datetime, by: Length) -> list[Period]:
    """The current period and those after it that shall have a partition."""
    found = [period_of(now, by)]
    for _ in range(AHEAD[by]):
        found.append(period_of(found[-1].end, by))
    return found


def wanted_periods(moments: Iterable[datetime], now: datetime, by: Length) -> list[Period]:
    """The periods of these moments, and the current and next ones, in order."""
    return sorted({period_of(moment, by) for moment in moments} | set(upcoming(now, by)))


def period_named(name: str) -> Period:
    """`2024` or `2024_05` (or 2024-05). Raises ValueError."""
    year, _, month = name.replace("-", "_").partition("_")
    if not (year.isdecimal() and len(year) == 4 and (not month or month.isdecimal())):
        raise ValueError(name)
    return period_of(
        datetime(int(year), int(month or 1), 1, tzinfo=UTC), "month" if month else "year"
    )
