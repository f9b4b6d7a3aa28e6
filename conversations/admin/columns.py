"""Columns of related rows that a page naming them must not read."""

from __future__ import annotations

from conversations.querysets import CONVERSATION_VECTORS, MESSAGE_VECTORS
from partners.querysets import VECTORS as PARTNER_VECTORS


def below(path: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{path}__{name}" for name in names)


SECRET = ("user__password",)
PARTNER = below("partner", (*PARTNER_VECTORS, "notes"))
TALK = below("conversation", (*CONVERSATION_VECTORS, "full_transcript", "summary"))
TALKS_PARTNER = below("conversation", PARTNER)
SOURCE = below("source_message", MESSAGE_VECTORS)
