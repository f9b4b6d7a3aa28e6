"""Links between the pages of the admin, and people's words in them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db import models
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

NOTHING = "–"


def words(text: str | None, *, limit: int = 120) -> SafeString:
    """A person's words in one cell: escaped, shortened, and kept from turning their surroundings.

    <bdi> ends what a right-to-left override in the text begins.
    """
    shown = " ".join((text or "")[: limit + 1].split())
    if len(shown) > limit:
        shown = f"{shown[:limit].rstrip()}…"
    return format_html("<bdi>{}</bdi>", shown or NOTHING)


def link(record: models.Model | None, text: str | None = None) -> SafeString:
    """A link to the page of a record; a dash when there is none."""
    if record is None:
        return words(None)
    return page_link(type(record), record.pk, str(record) if text is None else text)


def page_link(model: type[models.Model], pk: Any, text: str | None) -> SafeString:
    """A link to the page of the record with this number; a blank name must stay clickable."""
    address = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_change", args=[pk])
    shown = text if text and text.strip() else f"{model._meta.verbose_name} {pk}"
    return format_html('<a href="{}">{}</a>', address, words(shown, limit=80))


def list_link(model: type[models.Model], text: Any, **chosen: Any) -> SafeString:
    """A link to the list of a model, with these filters chosen."""
    return format_html('<a href="{}">{}</a>', list_address(model, **chosen), text)


def list_address(model: type[models.Model], **chosen: Any) -> str:
    address = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")
    return f"{address}?{urlencode(chosen)}" if chosen else address


def add_address(model: type[models.Model], **given: Any) -> str:
    address = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_add")
    return f"{address}?{urlencode(given)}" if given else address
