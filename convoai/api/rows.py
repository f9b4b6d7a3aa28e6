"""Rows of the database as JSON objects, without asking each field of each row."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from django.db import models
from django.db.models import QuerySet
from django.utils.functional import cached_property
from rest_framework import serializers

from convoai.api.fields import Moment, Number, OffsetMoment, Text

# Fields whose value goes into JSON as it is: the renderer writes times and numbers itself.
PLAIN = (
    serializers.CharField,
    serializers.IntegerField,
    serializers.FloatField,
    serializers.BooleanField,
    serializers.ChoiceField,
    serializers.JSONField,
    serializers.DateTimeField,
    serializers.ReadOnlyField,
)
# What hangs on a row is no column of it; whoever answers with it reads it.
NOT_COLUMNS = (serializers.BaseSerializer, serializers.ListField)


class Made(serializers.SerializerMethodField):
    """A value that the serializer's method `get_<name>` makes from these columns of a row."""

    def __init__(self, *columns: str, **kwargs: Any) -> None:
        self.columns = columns
        super().__init__(**kwargs)


class Column(NamedTuple):
    """How one key of the object comes about: from the columns `sources` of the table."""

    key: str
    sources: tuple[str, ...]
    # What turns one value into JSON's, or the name of the method that takes all; mostly neither.
    convert: Any = None
    method: str = ""


class Row(serializers.ModelSerializer[models.Model]):
    """A model serializer of flat objects: each key is a column, or `Made` from columns.

    What is known of the class is worked out once and not per request. Lists are read as tuples
    of only the columns they show, and never become model instances. `fields_wanted` in the
    context (from `?fields=`) trims the answer.
    """

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Text,
        models.TextField: Text,
        models.DateTimeField: Moment,
        models.FloatField: Number,
    }

    @classmethod
    def names(cls) -> list[str]:
        """The keys of the object, in order."""
        return _names(cls)

    @cached_property
    def shown(self) -> list[Column]:
        """The columns that this answer shows."""
        wanted = self.context.get("fields_wanted")
        return [column for column in _columns(type(self)) if not wanted or column.key in wanted]

    @cached_property
    def sources(self) -> list[str]:
        """The columns of the table that they come from, each once."""
        return list(dict.fromkeys(name for column in self.shown for name in column.sources))

    def reading(self, queryset: QuerySet[Any], *others: str) -> QuerySet[Any, dict[str, Any]]:
        """The queryset as dicts of the columns that are shown, and of `others`."""
        return queryset.values(*dict.fromkeys([*self.sources, *others]))

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The object of a model instance, or of a row as `reading` gives it."""
        if not isinstance(instance, dict):
            return self.from_values([getattr(instance, name) for name in self.sources])
        if len(instance) > len(self.sources):
            instance = {name: instance[name] for name in self.sources}
        return self._from_sources(instance)

    def from_values(self, values: Iterable[Any]) -> dict[str, Any]:
        """The object of a row that was read as the tuple of its `sources`."""
        return self._from_sources(dict(zip(self.sources, values, strict=True)))

    def _from_sources(self, row: dict[str, Any]) -> dict[str, Any]:
        made = {
            key: getattr(self, method)(*[row[name] for name in sources])
            if method
            else convert(row[sources[0]])
            for key, sources, convert, method in self._worked
        }
        if self._is_row:
            row.update(made)
            return row
        return {
            column.key: made[column.key] if column.key in made else row[column.sources[0]]
            for column in self.shown
        }

    @cached_property
    def _worked(self) -> list[Column]:
        """The columns whose value is not simply what was read."""
        return [column for column in self.shown if column.convert or column.method]

    @cached_property
    def _is_row(self) -> bool:
        """Whether the row as it was read has the keys of the object, in their order."""
        return [column.key for column in self.shown] == self.sources


@cache
def _columns(row_class: type[Row]) -> list[Column]:
    fields = row_class().fields.values()
    return [_column(field) for field in fields if not isinstance(field, NOT_COLUMNS)]


@cache
def _names(row_class: type[Row]) -> list[str]:
    return list(row_class().fields)


def _column(field: Any) -> Column:
    key, source = str(field.field_name), str(field.source)
    if isinstance(field, Made):
        return Column(key, field.columns, method=str(field.method_name))
    if isinstance(field, PLAIN) and not isinstance(field, OffsetMoment):
        return Column(key, (source,))
    return Column(key, (source,), field.to_representation)
