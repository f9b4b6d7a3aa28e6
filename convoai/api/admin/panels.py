"""Tables of related records below a record's form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Panel:
    """A few related records to look at, a link to all of them and one to add another."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    all_address: str = ""
    add_address: str = ""
