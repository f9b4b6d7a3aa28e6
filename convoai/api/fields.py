"""Serializer fields that take what existing frontends send, and nothing that only looks like it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from convoai.api.parsers import text_problem

FIRST_YEAR, LAST_YEAR = 1900, 2200
ASCII_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
MAX_SAFE_INTEGER = 2**53
BIGINT = 2**63 - 1


class Text(serializers.CharField):
    """A string, kept to the letter: no trimming, no numbers turned into text, empty allowed."""

    default_error_messages = {"string_type": "Input should be a valid string"}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", False)
        kwargs.setdefault("allow_blank", True)
        super().__init__(**kwargs)
        # What they refuse is refused below, with the words of the other parsers.
        self.validators = [
            validator
            for validator in self.validators
            if type(validator).__name__
            not in ("ProhibitNullCharactersValidator", "ProhibitSurrogateCharactersValidator")
        ]

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("string_type")
        found = text_problem(data)
        if found:
            raise ValidationError([ErrorDetail(found[1], found[0])])
        return data


class Integer(serializers.IntegerField):
    """An integer, or its ASCII digits in a string; true is not 1."""

    default_error_messages = {
        "int_type": "Input should be a valid integer",
        "int_parsing": "Input should be a valid integer",
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_value", BIGINT)
        kwargs.setdefault("min_value", -BIGINT)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str):
            if not ASCII_INTEGER.fullmatch(data.strip(" ")):
                self.fail("int_parsing")
        elif isinstance(data, bool) or not isinstance(data, (int, float)) or data % 1:
            self.fail("int_type")
        return int(data)


class Id(Integer):
    """The number of a row."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 0)
        super().__init__(**kwargs)


class Number(serializers.FloatField):
    """A finite number; neither true nor the word "NaN" is one."""

    default_error_messages = {"float_type": "Input should be a valid number"}

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, (int, float)):
            self.fail("float_type")
        number = float(data)
        if number != number or number in (float("inf"), float("-inf")):
            self.fail("float_type")
        return number


class Numbers(serializers.ListField):
    """A vector, whose numbers are looked at together: a field for each takes ten times as long."""

    child = serializers.FloatField()
    default_error_messages = {
        "not_a_list": "Input should be a list of numbers",
        "float_type": "Every element should be a finite number",
    }

    def to_internal_value(self, data: Any) -> list[float]:
        if not isinstance(data, list):
            self.fail("not_a_list")
        if not all(type(number) in (int, float) for number in data):
            self.fail("float_type")
        try:
            numbers = [float(number) for number in data]
        except OverflowError:
            # An integer of hundreds of digits.
            self.fail("float_type")
        if not all(map(isfinite, numbers)):
            self.fail("float_type")
        return numbers


class Choice(serializers.ChoiceField):
    """One of a few words. The error names them and not, as DRF does, what was given instead."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error_messages["invalid_choice"] = f"Give one of: {', '.join(self.choices)}."


class Flag(serializers.BooleanField):
    """true or false; in a query also 1, 0, yes, no."""


class Moment(serializers.DateTimeField):
    """An ISO 8601 time between the years 1900 and 2200; without a zone it is taken as UTC."""

    default_error_messages = {
        "datetime_parsing": "Input should be a valid ISO 8601 date and time",
        "datetime_range": f"The year must lie between {FIRST_YEAR} and {LAST_YEAR}",
    }

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or not value.isascii() or len(value) > 64:
            self.fail("datetime_parsing")
        # Eight or fewer characters are a bare year or month: a date at least is wanted.
        if len(value) < 10 or value[4:5] != "-":
            self.fail("datetime_parsing")
        try:
            moment = datetime.fromisoformat(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            moment = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("datetime_parsing")
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self.fail("datetime_range")
        return moment


class Day(Moment):
    """A time, or a day, which means its last moment: what was said on the day counts."""

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        if len(value) == len("2026-05-31"):
            return moment + timedelta(days=1, microseconds=-1)
        return moment


class OffsetMoment(serializers.DateTimeField):
    """A time written with `+00:00`, as `extracted_at` always was; "" for none."""

    def to_representation(self, value: Any) -> str:
        return value.isoformat() if value else ""


class Input(serializers.Serializer[Any]):
    """A request body. Keys that it does not know are ignored, as existing frontends expect."""

    strict = False

    def get_fields(self) -> Any:
        # The library makes each field anew, with all that is in it, for each request. Reading a
        # body changes nothing in a field but its name and parent, so a shallow copy will do.
        return {name: copy(field) for name, field in self._declared_fields.items()}

    def to_internal_value(self, data: Any) -> Any:
        if self.strict and isinstance(data, Mapping):
            unknown = [key for key in data if key not in self.fields]
            if unknown:
                known = ", ".join(sorted(self.fields))
                message = f"This field is not known here; known are: {known}."
                raise ValidationError(
                    {str(key): [ErrorDetail(message, "unknown_field")] for key in unknown}
                )
        return super().to_internal_value(data)


class StrictInput(Input):
    """A request body of a route that no old frontend calls: unknown keys are an error."""

    strict = True
