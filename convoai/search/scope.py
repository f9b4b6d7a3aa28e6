"""Which messages a search looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Scope:
    """One owner's messages, narrowed by what is given.

    `topic` is a topic's id, `sender` is "user" or "partner", `since` is the first moment and
    `until` the first one after it. Other people's ids match nothing.
    """

    user_id: int
    partner_id: int | None = None
    conversation_id: int | None = None
    topic: int | None = None
    sender: str | None = None
    since: datetime | None = None
    until: datetime | None = None
