"""Query parameters, read through forms: a value that does not fit is 422, never ignored."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError as FormError
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from convoai.api.errors import InvalidParameter
from convoai.api.fields import Day, Flag, Id, Moment, Text


class ParameterField(forms.Field):
    """A form field that reads its value as a field of a request body would."""

    reader: type[serializers.Field[Any, Any, Any, Any]]

    def clean(self, value: Any) -> Any:
        if value is None:
            return None
        try:
            return self.reader().run_validation(value)
        except serializers.ValidationError as error:
            details = error.detail if isinstance(error.detail, list) else []
            raise FormError(
                [FormError(str(detail), code=getattr(detail, "code", None)) for detail in details]
            ) from None


class IdField(ParameterField):
    reader = Id


class MomentField(ParameterField):
    reader = Moment


class DayField(ParameterField):
    reader = Day


class TextField(ParameterField):
    """An empty text asks for nothing, as an empty search box does; other empty values are wrong."""

    reader = Text

    def clean(self, value: Any) -> Any:
        return super().clean(value or None)


class FlagField(ParameterField):
    reader = Flag


class IdFilter(filters.Filter):
    field_class = IdField


class MomentFilter(filters.Filter):
    field_class = MomentField


class DayFilter(filters.Filter):
    field_class = DayField


class TextFilter(filters.Filter):
    field_class = TextField


@extend_schema_field(OpenApiTypes.BOOL)
class FlagFilter(filters.Filter):
    field_class = FlagField


class ChoiceFilter(filters.ChoiceFilter):
    """One of some words; the message names them and not what was sent, as Django's would."""

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        offered = ", ".join(value for value, _ in choices)
        errors = {"invalid_choice": f"Give one of: {offered}."}
        super().__init__(*args, choices=choices, error_messages=errors, **kwargs)


class FilterBackend(filters.DjangoFilterBackend):
    """django-filter's backend, whose errors say that they are about the query."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        known: Any = view.filterset_class
        asked = tuple(name for name in known.base_filters if name in request.query_params)
        if not asked:
            return queryset
        kwargs = self.get_filterset_kwargs(request, queryset, view)
        filterset = only(known, asked)(**kwargs)
        if not filterset.is_valid():
            raise InvalidParameter(
                {
                    name: [
                        ErrorDetail(message, error.code or "invalid")
                        for error in problems.as_data()
                        for message in error.messages
                    ]
                    for name, problems in filterset.errors.items()
                }
            )
        return filterset.qs


@lru_cache(maxsize=256)
def only(known: type[filters.FilterSet], asked: tuple[str, ...]) -> type[filters.FilterSet]:
    """The filterset with only these filters: it copies all it has for each request."""
    name = f"{known.__name__} of {', '.join(asked)}"
    part: type[filters.FilterSet] = type(name, (known,), {"__doc__": known.__doc__})
    part.base_filters = {name: known.base_filters[name] for name in asked}
    return part
