"""A stored talk as an analyzer reads it."""

from __future__ import annotations

from conversations.models import Conversation, ExtractedFact, Message
from convoai.analysis.reconcile import KnownFact
from convoai.analysis.result import Turn


def turns_of(conversation: Conversation) -> list[Turn]:
    """The messages of the talk in their order; blank ones are left out."""
    messages = Message.objects.filter(conversation=conversation).in_order()
    columns = messages.values_list("pk", "sender", "speaker", "content", "timestamp")
    return [Turn(*row) for row in columns if row[3].strip()]


def known_facts(partner_id: int) -> list[KnownFact]:
    """Everything stored about a partner, closed and rejected facts too."""
    facts = ExtractedFact.objects.filter(partner_id=partner_id)
    return [
        KnownFact(
            id=fact.pk,
            fact_key=fact.fact_key,
            fact_value=fact.fact_value,
            subject=fact.subject,
            many_valued=fact.many_valued,
            confidence=fact.confidence,
            review=fact.review,
            is_current=fact.is_current,
            since=fact.valid_from or fact.extracted_at,
            original_value=fact.original_value,
            source_message_id=fact.source_message_id,
        )
        for fact in facts.order_by("pk")
    ]
