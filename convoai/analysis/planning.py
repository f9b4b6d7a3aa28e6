"""A plan of reconciling, carried out on the stored facts inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from conversations.models import Conversation, ExtractedFact
from conversations.models.fact import Origin, Review
from convoai.analysis.reconcile import Step
from convoai.analysis.result import FactFound


def carry_out(
    *, conversation: Conversation, plan: Sequence[Step], fallen: Sequence[FactFound]
) -> None:
    """Store what the plan says; facts whose quote does not stand are kept for review only."""
    made: dict[int, ExtractedFact] = {}
    for place, step in enumerate(plan):
        meant = made.get(step.earlier) if step.earlier is not None else None
        known_id = meant.pk if meant else step.known
        if step.action == "add":
            made[place] = _insert(conversation, step.fact)
        elif step.action == "supersede":
            made[place] = _supersede(conversation, step.fact)
        elif step.action == "doubtful":
            made[place] = _insert(conversation, step.fact, doubtful=True)
        elif step.action == "past":
            made[place] = _insert_past(conversation, step.fact, known_id)
        elif step.action == "confirm" and known_id is not None:
            _confirm(known_id, step.fact.confidence)
    for fact in fallen:
        _insert(conversation, fact, doubtful=True, with_evidence=False)


def _insert(
    conversation: Conversation,
    fact: FactFound,
    *,
    doubtful: bool = False,
    with_evidence: bool = True,
    **columns: object,
) -> ExtractedFact:
    row = ExtractedFact(
        user_id=conversation.user_id,
        partner_id=conversation.partner_id,
        conversation=conversation,
        source_message_id=fact.source_message_id if with_evidence else None,
        category=fact.category,
        fact_key=fact.fact_key,
        fact_value=fact.fact_value,
        confidence=fact.confidence,
        subject=fact.subject,
        quote=fact.quote if with_evidence else "",
        quote_start=fact.quote_start if with_evidence else None,
        many_valued=fact.many_valued,
        is_current=not doubtful,
        valid_from=_since(conversation, fact),
        origin=Origin.ANALYSIS,
        review=Review.NEEDS_REVIEW if doubtful else Review.UNREVIEWED,
    )
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    return row


def _supersede(conversation: Conversation, fact: FactFound) -> ExtractedFact:
    """Close the current values of the key, then store the new one and name it their successor."""
    rivals = ExtractedFact.objects.current().filter(
        partner_id=conversation.partner_id,
        subject__iexact=fact.subject,
        fact_key__iexact=fact.fact_key,
        many_valued=False,
    )
    closed = list(rivals.values_list("pk", flat=True))
    older = ExtractedFact.objects.filter(pk__in=closed)
    older.update(is_current=False, valid_to=_since(conversation, fact), updated_at=timezone.now())
    row = _insert(conversation, fact)
    older.update(superseded_by=row)
    return row


def _insert_past(
    conversation: Conversation, fact: FactFound, successor_id: int | None
) -> ExtractedFact:
    """Something that was true before a value that is known already."""
    successor = ExtractedFact.objects.filter(pk=successor_id).first()
    until = successor.valid_from or successor.extracted_at if successor else None
    return _insert(conversation, fact, is_current=False, valid_to=until, superseded_by=successor)


def _confirm(pk: int, confidence: float) -> None:
    """Heard again: at least as sure as the surer of the two."""
    known = ExtractedFact.objects.filter(pk=pk, confidence__lt=confidence)
    known.update(confidence=confidence, updated_at=timezone.now())


def _since(conversation: Conversation, fact: FactFound) -> datetime:
    return fact.valid_from or conversation.started_at
