"""Vectors in the admin: that they are there, not what they are."""

from __future__ import annotations

from django.db import models
from django.db.models import Func, IntegerField


def vector_words(record: models.Model, field: str) -> str:
    """Whether a record has a vector, of which model and size; the vector itself is not read."""
    size = Func(field, function="vector_dims", output_field=IntegerField())
    rows = type(record)._base_manager.filter(pk=record.pk)
    found = rows.values_list(size, f"{field}_model").first()
    if found is None or found[0] is None:
        return "None."
    return f"Present: {found[0]:,} numbers, by {found[1] or 'an unknown model'}."
