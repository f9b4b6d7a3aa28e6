"""What goes along when records are deleted: counted, never listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.db import models
from django.db.models import Q
from django.utils.safestring import SafeString

from convoai.api.admin.links import link

LISTED = 50


@dataclass(frozen=True)
class Along:
    """Rows that the database deletes with a record: their model, how they name the record."""

    model: str
    path: str
    only: Q = field(default_factory=Q)


def deletion(
    records: Any, along: Sequence[Along], user: Any
) -> tuple[list[SafeString | str], dict[str, int], set[str], list[str]]:
    """Django's `get_deleted_objects`, from one count per kind of child.

    The database cascades, so nothing has to be collected, and a talk of 20,000 messages is one
    line. Returns (records to show, numbers by kind, kinds the user may not delete, protected).
    """
    model, keys = _model_and_keys(records)
    shown: list[SafeString | str] = [link(record) for record in records[:LISTED]]
    if len(keys) > LISTED:
        shown.append(f"and {len(keys) - LISTED:,} more")
    numbers = {str(model._meta.verbose_name_plural): len(keys)}
    lacking = set() if _may_delete(user, model) else {str(model._meta.verbose_name)}
    for kind in along:
        child = apps.get_model(kind.model)
        rows = child._base_manager.filter(kind.only, **{f"{kind.path}__in": keys})
        number = rows.order_by().count()
        if number:
            numbers[str(child._meta.verbose_name_plural)] = number
            if not _may_delete(user, child):
                lacking.add(str(child._meta.verbose_name))
    return shown, numbers, lacking, []


def _may_delete(user: Any, model: type[models.Model]) -> bool:
    codename = get_permission_codename("delete", model._meta)
    return bool(user.has_perm(f"{model._meta.app_label}.{codename}"))


def _model_and_keys(records: Any) -> tuple[type[models.Model], Sequence[Any]]:
    if isinstance(records, models.QuerySet):
        return records.model, list(records.order_by().values_list("pk", flat=True))
    return type(records[0]), [record.pk for record in records]
