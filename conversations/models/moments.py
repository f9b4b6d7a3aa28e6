"""The years that a stored time may lie in."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import CheckConstraint, Q

# PostgreSQL stores dates that its Python driver cannot read back: one such row breaks every list.
FIRST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC)


def readable_times(name: str, *columns: str) -> CheckConstraint:
    """A constraint that keeps every given column (or null) between the two moments."""
    condition = Q()
    for column in columns:
        condition &= Q(**{f"{column}__range": (FIRST_MOMENT, LAST_MOMENT)})
    return CheckConstraint(condition=condition, name=name)
