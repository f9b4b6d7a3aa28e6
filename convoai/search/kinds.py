"""The types that can be searched: how each is found, and how its rows are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conversations.models import Message
from convoai.search.facts import find_facts, read_facts
from convoai.search.messages import search_messages
from convoai.search.parameters import Search
from convoai.search.people import find_partners, read_partners
from convoai.search.results import Hit, Hits, Result, rows_of
from convoai.search.talks import find_talks, read_talks


@dataclass(frozen=True)
class Kind:
    """A type: the search for it, and the reading of what was found."""

    find: Callable[[Search, int, int], Hits]
    read: Callable[[int, Sequence[Hit]], list[Result]]


def find_messages(search: Search, limit: int, offset: int) -> Hits:
    """The messages that answer best, as `convoai.search.messages` ranks them."""
    found = search_messages(
        scope=search.scope,
        question=search.question,
        mode=search.mode,
        limit=limit,
        offset=offset,
    )
    return Hits(
        [Hit(hit.id, hit.score, hit.signals, hit.id) for hit in found.hits],
        found.mode,
        tuple(found.dropped),
        found.not_embedded,
    )


def read_messages(user_id: int, hits: Sequence[Hit]) -> list[Result]:
    """The messages of these hits that are the user's, in the order of the hits."""
    columns = ("sender", "speaker", "position", "timestamp", "content", "conversation_id")
    talk = ("title", "language", "partner_id", "partner__name")
    found = rows_of(Message, user_id, hits, *columns, *(f"conversation__{name}" for name in talk))
    return [
        Result(
            "message",
            hit.id,
            hit.score,
            conversation_id=row["conversation_id"],
            partner_id=row["conversation__partner_id"],
            partner_name=row["conversation__partner__name"],
            title=row["conversation__title"],
            timestamp=row["timestamp"],
            sender=row["sender"],
            speaker=row["speaker"] or None,
            position=row["position"],
            message_id=hit.id,
            signals=hit.signals,
            language=row["conversation__language"],
            texts=(row["content"],),
        )
        for hit, row in found
    ]


KINDS = {
    "message": Kind(find_messages, read_messages),
    "conversation": Kind(find_talks, read_talks),
    "fact": Kind(find_facts, read_facts),
    "partner": Kind(find_partners, read_partners),
}
