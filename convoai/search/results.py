"""What a search answers with: rows, their snippets, and why they were found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Hit:
    """A row that was found: its number, its score (higher is better), what the score is made of.

    `message_id` is the message that speaks most for it.
    """

    id: int
    score: float
    signals: dict[str, float]
    message_id: int | None = None


@dataclass(frozen=True)
class Hits:
    """The best of one type, in order, and what could not be looked for."""

    hits: list[Hit]
    mode: str
    dropped: tuple[str, ...] = ()
    not_embedded: int | None = None


@dataclass
class Result:
    """A row as a search shows it. `texts` are what its snippet is cut from, the best one first."""

    type: str
    id: int
    score: float = 0.0
    conversation_id: int | None = None
    partner_id: int | None = None
    partner_name: str | None = None
    title: str | None = None
    timestamp: datetime | None = None
    sender: str | None = None
    speaker: str | None = None
    position: int | None = None
    message_id: int | None = None
    category: str | None = None
    is_current: bool | None = None
    snippet: str = ""
    signals: dict[str, float] = field(default_factory=dict)
    language: str = "simple"
    texts: tuple[str, ...] = ()
    # Whether the beginnings of words were looked for, too.
    loosely: bool = False

    def shown(self, *, explain: bool) -> dict[str, Any]:
        """The result as JSON's object."""
        answer = {name: getattr(self, name) for name in SHOWN}
        answer["score"] = round(self.score, DIGITS)
        if explain:
            answer["signals"] = {name: round(part, DIGITS) for name, part in self.signals.items()}
        return answer


DIGITS = 4
SHOWN = (
    "type",
    "id",
    "score",
    "conversation_id",
    "partner_id",
    "partner_name",
    "title",
    "timestamp",
    "sender",
    "speaker",
    "position",
    "message_id",
    "category",
    "is_current",
    "snippet",
)


def rows_of(
    model: type[Any], user_id: int, hits: Sequence[Hit], *columns: str
) -> list[tuple[Hit, dict[str, Any]]]:
    """Each hit with its row's columns. A row may have been deleted since it was found."""
    keys = [hit.id for hit in hits]
    rows = model._base_manager.filter(user_id=user_id, pk__in=keys).values("pk", *columns)
    known = {row["pk"]: row for row in rows} if keys else {}
    return [(hit, known[hit.id]) for hit in hits if hit.id in known]
