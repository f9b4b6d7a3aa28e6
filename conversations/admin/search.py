"""Searching talks and messages in the admin, through their search columns."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q
from django.http import HttpRequest

HELP = 'Whole words; also "an exact phrase", this OR that, -without; or the number of the row'
LONGEST_NUMBER = 18
WORD = re.compile(r"\w+")


def search_rows(request: HttpRequest, rows: Any, typed: str, column: str) -> Any:
    """Rows whose search column holds all the words, and the row of that number.

    In a field that completes what is typed, the last word may be the beginning of one.
    """
    number = typed.strip()
    if number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER:
        return rows.filter(Q(pk=number) | Q(**{column: beginning_of(number)}))
    if request.path.endswith("/autocomplete/"):
        return rows.filter(**{column: beginning_of(typed)})
    return rows.matching(typed)


def beginning_of(typed: str) -> SearchQuery:
    """A query for texts with these words, the last of which may be cut short."""
    parts = [f"'{part}'" for part in WORD.findall(typed)]
    raw = " & ".join(parts) + ":*" if parts else ""
    return SearchQuery(raw, search_type="raw", config="english")
