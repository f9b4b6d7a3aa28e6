"""The facts about a partner, read once, and which of them were known and true at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from conversations.fact_keys import AHEAD
from conversations.models import ExtractedFact
from conversations.models.fact import UNSURE, Review
from partners.models import ConversationPartner

COLUMNS = (
    "pk",
    "category",
    "fact_key",
    "fact_value",
    "confidence",
    "subject",
    "quote",
    "is_current",
    "valid_from",
    "valid_to",
    "superseded_by_id",
    "origin",
    "review",
    "extracted_at",
    "conversation_id",
    "source_message_id",
    "conversation__started_at",
    "pinned_at",
)


@dataclass(frozen=True, slots=True)
class Known:
    """A stored fact; the fields are the columns above in their order."""

    id: int
    category: str
    key: str
    value: str
    confidence: float
    subject: str
    quote: str
    is_current: bool
    valid_from: datetime | None
    valid_to: datetime | None
    superseded_by: int | None
    origin: str
    review: str
    extracted_at: datetime
    conversation_id: int | None
    message_id: int | None
    talk_at: datetime | None
    pinned_at: datetime | None

    @property
    def learned_at(self) -> datetime:
        """When the owner heard it: in the talk, which may have been analysed years later."""
        return min(self.talk_at, self.extracted_at) if self.talk_at else self.extracted_at

    def is_pinned_at(self, moment: datetime | None) -> bool:
        """Whether it was pinned then (None: now)."""
        return self.pinned_at is not None and (moment is None or self.pinned_at <= moment)

    @property
    def is_decided(self) -> bool:
        return self.review in (Review.CONFIRMED, Review.CORRECTED)


def facts_about(partner: ConversationPartner) -> list[Known]:
    """All facts stored about the partner, retired ones too, the most certain first; one query."""
    facts = ExtractedFact.objects.filter(user_id=partner.user_id, partner=partner)
    return [Known(*row) for row in facts.most_certain_first().values_list(*COLUMNS)]


def known_at(facts: Sequence[Known], moment: datetime | None) -> list[Known]:
    """The facts held to be true at the moment, also those that begin later; None means now.

    What was learned after the moment does not count, nor does that it made an older value untrue.
    With `true_at`, these are the facts that `FactQuerySet.as_of` gives.
    """
    if moment is None:
        return [fact for fact in facts if fact.is_current and fact.review not in UNSURE]
    by_id = {fact.id: fact for fact in facts}
    return [
        fact for fact in facts if fact.learned_at <= moment and not _was_closed(fact, by_id, moment)
    ]


def true_at(facts: Iterable[Known], moment: datetime) -> list[Known]:
    """Those of the facts that had begun by then; plans and wishes count before their date."""
    return [
        fact
        for fact in facts
        if fact.valid_from is None or fact.valid_from <= moment or fact.key in AHEAD
    ]


def _was_closed(fact: Known, by_id: dict[int, Known], moment: datetime) -> bool:
    if fact.review in UNSURE:
        return True
    if not fact.is_current:
        successor = by_id.get(fact.superseded_by) if fact.superseded_by else None
        if successor and successor.learned_at > moment:
            return False
        if fact.valid_to is None:
            return True
    return fact.valid_to is not None and fact.valid_to <= moment
