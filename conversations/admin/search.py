"""Searching talks and messages in the admin, through their search columns."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from conversations.serializers.conversations import LANGUAGES
from convoai.database.typed import beginnings, excludes, whole_words

HELP = 'Whole words; also "an exact phrase", this OR that, -without; or the number of the row'
LONGEST_NUMBER = 18
DEFAULT = "english"


def search_rows(request: HttpRequest, rows: Any, typed: str, column: str) -> Any:
    """Rows whose search column holds all the words, and the row of that number.

    Words are looked for in every language that a talk can have. In a field that completes what
    is typed, the last word may be the beginning of one.
    """
    number = typed.strip()
    if number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER:
        found = beginnings(number, DEFAULT, last_only=True)
        return rows.filter(Q(pk=number) | Q(**{column: found}))
    if request.path.endswith("/autocomplete/"):
        return rows.filter(**{column: beginnings(typed, *LANGUAGES, last_only=True)})
    # Excluded in one language and not in another would not be excluded.
    languages = [DEFAULT] if excludes(typed) else LANGUAGES
    return rows.filter(**{column: whole_words(typed, *languages)})
