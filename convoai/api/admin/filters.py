"""Filters that stay quick, however many values there are."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import models
from django.http import HttpRequest


class ChosenFilter(admin.SimpleListFilter):
    """Shows the one value that was chosen by a link elsewhere, and a way back to all.

    Listing thousands of people or talks to choose from would help nobody and cost a query.
    """

    lookup: str

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        value = self.value()
        return [(value, self.label(value, model_admin.model))] if value else []

    def label(self, value: str, model: type[models.Model]) -> str:
        """What to call the value: the name of a related record, or the value itself."""
        field = model._meta.get_field(self.lookup.split("__")[0])
        for part in self.lookup.split("__")[1:]:
            assert isinstance(field.related_model, type)  # noqa: S101 - tells the type checker
            field = field.related_model._meta.get_field(part)
        related = field.related_model
        if not isinstance(related, type):
            return value[:80]
        if not (value.isascii() and value.isdigit()):
            raise IncorrectLookupParameters
        record = related._base_manager.filter(pk=value).first()
        return str(record)[:80] if record else f"number {value[:20]}"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return queryset.filter(**{self.lookup: value}) if value else queryset


def chosen_filter(lookup: str, title: str = "") -> type[ChosenFilter]:
    """A filter by this field (or path), named in the address by the field's last part."""
    name = lookup.split("__")[-1]
    options = {"lookup": lookup, "parameter_name": name, "title": title or name.replace("_", " ")}
    return type("ChosenFilter", (ChosenFilter,), options)


class FlagFilter(admin.SimpleListFilter):
    """Two kinds of rows: those for which a lookup holds, and the others."""

    lookup: str
    names: tuple[str, str]

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return list(zip(("yes", "no"), self.names, strict=True))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(**{self.lookup: self.value() == "yes"})


def flag_filter(lookup: str, title: str, yes: str, no: str) -> type[FlagFilter]:
    """A filter named `title` with these two choices."""
    options = {"lookup": lookup, "parameter_name": title, "title": title, "names": (yes, no)}
    return type("FlagFilter", (FlagFilter,), options)
