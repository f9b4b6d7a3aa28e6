"""How a column's values stand in an archive, and how they are read and checked again."""

from __future__ import annotations

import base64
import binascii
import json
import math
import struct
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import BinaryField, F, Func
from django.db.models.expressions import Combinable
from pgvector.django import HalfVectorField, VectorField

BIGINT = 2**63 - 1
# Format characters of struct for one number, and its bytes.
NUMBER = {VectorField: ("f", 4), HalfVectorField: ("e", 2)}
# Of pgvector's binary form: the number of dimensions, and two bytes unused.
HEAD = 4


def source_of(field: models.Field[Any, Any]) -> Combinable:
    """What to ask the database for: vectors in binary, everything else as it is."""
    kind = vector_kind(field)
    if kind is None:
        return F(field.attname)
    name = "halfvec_send" if kind is HalfVectorField else "vector_send"
    return Func(F(field.attname), function=name, output_field=BinaryField())


def vector_kind(field: models.Field[Any, Any]) -> type[models.Field[Any, Any]] | None:
    for kind in NUMBER:
        if isinstance(field, kind):
            return kind
    return None


def to_json(field: models.Field[Any, Any], value: Any) -> Any:
    """A value from the database as it stands in the archive.

    Times are ISO 8601 in UTC; vectors are base64 of big-endian numbers (four bytes each, in a
    column of halves two), without the zeros that fill a column of fixed size.
    """
    if value is None:
        return None
    kind = vector_kind(field)
    if kind is not None:
        numbers = bytes(value)[HEAD:]
        size = NUMBER[kind][1]
        if getattr(field, "dimensions", None):
            numbers = numbers[: -(-len(numbers.rstrip(b"\0")) // size) * size]
        return base64.b64encode(numbers).decode()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def from_json(field: models.Field[Any, Any], value: Any) -> Any:
    """A value of an archive as a text for COPY; None for null.

    Raises ValueError with what is wrong with it, without repeating it.
    """
    if value is None:
        if field.null:
            return None
        raise ValueError("must not be null")
    if vector_kind(field) is not None:
        return vector_text(field, value)
    if isinstance(field, models.JSONField):
        kind, name = (list, "a list") if field.has_default() else (dict, "an object")
        return storable(json.dumps(_typed(value, kind, name), ensure_ascii=False, allow_nan=False))
    if isinstance(field, models.DateTimeField):
        return moment_text(value)
    if isinstance(field, models.BooleanField):
        return _typed(value, bool, "true or false")
    if isinstance(field, models.FloatField):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("must be a number")
        if not math.isfinite(value):
            raise ValueError("must be a finite number")
        return value
    if isinstance(field, models.IntegerField | models.ForeignKey):
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > BIGINT:
            raise ValueError("must be a whole number")
        return value
    text = storable(_typed(value, str, "a text"))
    if field.max_length and len(text) > field.max_length:
        raise ValueError(f"must have at most {field.max_length} characters")
    return text


def storable(text: str) -> str:
    """The text, if PostgreSQL can store it."""
    if "\x00" in text:
        raise ValueError("holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a character (a lone surrogate)") from None
    return text


def _typed(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"must be {name}")
    return value


def moment_text(value: Any) -> str:
    try:
        moment = datetime.fromisoformat(_typed(value, str, "a time"))
    except ValueError:
        raise ValueError("must be a time such as 2026-01-31T10:00:00+00:00") from None
    if moment.tzinfo is None:
        raise ValueError("must be a time with its offset from UTC")
    return moment.isoformat()


def vector_text(field: models.Field[Any, Any], value: Any) -> str:
    """A vector as pgvector reads it; zeros fill it up where the column has a fixed size."""
    letter, size = NUMBER[vector_kind(field) or VectorField]
    try:
        data = base64.b64decode(_typed(value, str, "a vector in base64"), validate=True)
        numbers = struct.unpack(f">{len(data) // size}{letter}", data)
    except (binascii.Error, struct.error):
        raise ValueError("must be a vector in base64") from None
    wanted = getattr(field, "dimensions", None) or len(numbers)
    if not numbers or len(numbers) > wanted:
        raise ValueError(f"must be a vector of 1 to {wanted} numbers")
    if not all(map(math.isfinite, numbers)) or not any(numbers):
        raise ValueError("must be a vector of finite numbers that are not all zero")
    padding = ["0"] * (wanted - len(numbers))
    return f"[{','.join([*(f'{number:.9g}' for number in numbers), *padding])}]"
