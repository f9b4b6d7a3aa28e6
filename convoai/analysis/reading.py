"""A stored talk as an analyzer reads it."""

from __future__ import annotations

from django.db.models import Case, When
from django.db.models.functions import Coalesce

from conversations.models import Conversation, ExtractedFact, Message
from convoai.analysis.reconcile import DECIDED, KnownFact
from convoai.analysis.result import Turn

# The fields of KnownFact in their order.
COLUMNS = (
    "pk",
    "fact_key",
    "fact_value",
    "subject",
    "many_valued",
    "confidence",
    "review",
    "is_current",
    "since",
    "original_value",
    "source_message_id",
)


def turns_of(conversation: Conversation) -> list[Turn]:
    """The messages of the talk in their order; blank ones are left out."""
    messages = Message.objects.filter(conversation=conversation).in_order()
    columns = messages.values_list("pk", "sender", "speaker", "content", "timestamp")
    return [Turn(*row) for row in columns if row[3].strip()]


def known_facts(partner_id: int) -> list[KnownFact]:
    """Everything stored about a partner, closed and rejected facts too.

    Since when a fact holds that a person decided on, and gave no time for, is not known.
    """
    timeless = When(valid_from__isnull=True, review__in=DECIDED, then=None)
    since = Case(timeless, default=Coalesce("valid_from", "extracted_at"))
    facts = ExtractedFact.objects.filter(partner_id=partner_id).annotate(since=since)
    return [KnownFact(*row) for row in facts.order_by("pk").values_list(*COLUMNS)]
