"""One sentence for each way the database can be set up wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DatabaseProblem(Exception):
    """The database cannot be used as it is set up; the message is one sentence for a person."""


def sentence_for(error: BaseException, settings: Mapping[str, Any]) -> str | None:
    """The sentence that names the cause of `error` and its fix, or None when it is not known."""
    if isinstance(error, DatabaseProblem):
        return str(error)
    return None
