"""Where a page begins: the values that order its rows, written into a word for the address.

Every column of the ordering takes part, so that of thousands of rows alike in the first column
none is skipped or shown twice, and rows that come or go meanwhile shift nothing.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import Q

from convoai.api.fields import BIGINT
from convoai.api.parsers import text_problem
from convoai.api.renderers import to_json

# Longer than the longest that a page gives: a name of 600 characters, four bytes each.
LONGEST = 5_000


class Cursor:
    """The place just after a row (or, `backwards`, just before it) in an ordering.

    `ordering` names columns, "-" before those that go down; together they are unique.
    """

    def __init__(
        self, ordering: Sequence[str], values: Sequence[Any], *, backwards: bool = False
    ) -> None:
        self.ordering = list(ordering)
        self.values = list(values)
        self.backwards = backwards

    def encode(self) -> str:
        data = to_json([self.backwards, self.ordering, self.values])
        return urlsafe_b64encode(data).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, model: type[models.Model], ordering: Sequence[str]) -> Cursor:
        """The cursor that `encode` wrote for this ordering. Raises ValueError for any other."""
        if not text.isascii() or len(text) > LONGEST:
            raise ValueError("not a cursor")
        data = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(data, list) or len(data) != 3 or data[1] != list(ordering):
            raise ValueError("not a cursor of this ordering")
        backwards, _, values = data
        if not isinstance(values, list) or len(values) != len(ordering):
            raise ValueError("a cursor with too few or too many values")
        read = [_read(model, name, value) for name, value in zip(ordering, values, strict=True)]
        return cls(ordering, read, backwards=backwards is True)

    def condition(self) -> Q:
        """What holds for the rows beyond the place."""
        beyond = Q()
        for name, value in reversed(list(zip(self.ordering, self.values, strict=True))):
            column, down = name.removeprefix("-"), name.startswith("-") is not self.backwards
            side = "lt" if down else "gt"
            here = Q(**{f"{column}__{side}": value})
            # The first half of the conjunction alone bounds the search in an index.
            beyond = Q(**{f"{column}__{side}e": value}) & (here | beyond) if beyond else here
        return beyond


def _read(model: type[models.Model], name: str, value: Any) -> Any:
    """The value as the column holds it. Raises ValueError for one that it cannot hold."""
    column = name.removeprefix("-")
    field: Any
    try:
        field = model._meta.pk if column == "pk" else model._meta.get_field(column)
    except FieldDoesNotExist:
        # A count that the query adds.
        field = models.IntegerField()
    is_text = isinstance(field, (models.CharField, models.TextField, models.DateTimeField))
    if isinstance(value, bool) or not isinstance(value, str if is_text else (int, float)):
        raise ValueError("a value of another type")
    if isinstance(value, str) and text_problem(value):
        raise ValueError("a text that is not stored")
    try:
        read = field.to_python(value)
    except (ValidationError, OverflowError):
        raise ValueError("a value that the column cannot hold") from None
    if isinstance(read, int) and abs(read) > BIGINT:
        raise ValueError("a number that is too large")
    if isinstance(read, datetime) and read.tzinfo is None:
        raise ValueError("a time without a zone")
    return read
