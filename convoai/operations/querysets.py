"""How the record of statement times is read."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Max, Min, Sum

if TYPE_CHECKING:
    from convoai.operations.models import StatementTimes  # noqa: F401 - a name in annotations


class StatementTimesQuerySet(models.QuerySet["StatementTimes"]):
    def since(self, day: date) -> Self:
        """From this day (UTC) on."""
        return self.filter(day__gte=day)

    def by_statement(self) -> Any:
        """A row for each route and statement: calls, total and longest time (microseconds), the
        first day; the most time in all first."""
        return (
            self.values("route", "digest")
            .annotate(
                statement=Min("statement"),
                calls=Sum("calls"),
                total=Sum("total"),
                longest=Max("longest"),
                first=Min("day"),
            )
            .order_by("-total", "route", "digest")
        )
