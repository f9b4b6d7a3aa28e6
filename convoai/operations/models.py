"""What convoai notes about its own statements. Nobody's data: no values, no users."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from convoai.operations.querysets import StatementTimesQuerySet


class StatementTimes(models.Model):
    """What one statement of one route took on one day (UTC), all processes together.

    Times in microseconds. `histogram` is that of `convoai.database.statement_times`.
    """

    day = models.DateField()
    route = models.CharField(max_length=200)
    digest = models.CharField(max_length=32)
    statement = models.TextField()
    calls = models.BigIntegerField()
    total = models.BigIntegerField()
    longest = models.BigIntegerField()
    histogram = ArrayField(models.BigIntegerField())

    objects = StatementTimesQuerySet.as_manager()

    class Meta:
        db_table = "statement_times"
        constraints = [
            models.UniqueConstraint(fields=["day", "route", "digest"], name="uq_statement_times")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.route}"
