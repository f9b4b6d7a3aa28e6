"""What people type into a search box, as queries of the search columns and indexes.

All of them fold words as `convoai_search_text` folded the texts (conversations 0007).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Func, TextField, Value

WORD = re.compile(r"\w+")
# What makes more of a search than a list of words: quotes, -without, OR.
SIGNS = re.compile(r'"|(?<!\S)-\S|(?i:(?<!\S)or(?!\S))')
EXCLUDED = re.compile(r"(?<!\S)-\S")


def folded(words: str) -> Func:
    """The words without accents, and scripts without spaces by pairs of letters."""
    return Func(Value(words), function="convoai_query_text", output_field=TextField())


def has_signs(words: str) -> bool:
    """Whether more than words is typed."""
    return SIGNS.search(words) is not None


def excludes(words: str) -> bool:
    """Whether a -word is typed."""
    return EXCLUDED.search(words) is not None


def whole_words(words: str, *languages: str) -> Any:
    """All of the words in any form of one of the languages; quotes, OR and -word count."""
    return any_of(
        [SearchQuery(folded(words), search_type="websearch", config=name) for name in languages]
    )


def beginnings(words: str, *languages: str, last_only: bool = False) -> Any:
    """All of the words, each of them (or the last only) perhaps cut short."""
    parts = [f"'{part}'" for part in WORD.findall(words)]
    cut = parts[-1:] if last_only else parts
    parts = parts[: len(parts) - len(cut)] + [f"{part}:*" for part in cut]
    raw = folded(" & ".join(parts))
    return any_of([SearchQuery(raw, search_type="raw", config=name) for name in languages])


def any_of(queries: Sequence[Any]) -> Any:
    return reduce(or_, queries)
