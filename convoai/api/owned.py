"""The commonest questions about a person's rows, compiled once: one row, and all of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from convoai.api.fields import BIGINT
from convoai.database.statements import Statement

M = TypeVar("M", bound=Model)


def owned_row(model: type[M], user: Any, pk: int) -> M | None:
    """The user's row of that number, as the model's manager would read it; None for none."""
    if pk > BIGINT or user.pk is None:
        return None
    columns, statement = _one(model)
    row = statement.row(user.pk, pk)
    return None if row is None else model.from_db("default", columns, row)


def all_owned(
    model: type[Model],
    user: Any,
    columns: tuple[str, ...],
    ordering: tuple[str, ...],
    equal: Mapping[str, int],
) -> list[tuple[Any, ...]]:
    """These columns of all rows of the user in which the columns of `equal` have its values."""
    statement = _all(model, columns, ordering, tuple(equal))
    return statement.rows(user.pk, *equal.values())


@cache
def _one(model: type[Model]) -> tuple[list[str], Statement]:
    deferred = model._default_manager.all().query.deferred_loading[0]
    columns = [field.attname for field in model._meta.concrete_fields if field.name not in deferred]
    return columns, Statement(
        lambda owner, pk: _owned(model, owner).filter(pk=pk).values_list(*columns), int, int
    )


@cache
def _all(
    model: type[Model], columns: tuple[str, ...], ordering: tuple[str, ...], equal: tuple[str, ...]
) -> Statement:
    def build(owner: int, *values: int) -> QuerySet[Any, Any]:
        rows = _owned(model, owner).filter(**dict(zip(equal, values, strict=True)))
        return rows.order_by(*ordering).values_list(*columns)

    return Statement(build, int, *(int for _ in equal))


def _owned(model: type[Model], owner: int) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._default_manager.owned_by(SimpleNamespace(pk=owner))  # type: ignore[attr-defined]
    return rows
