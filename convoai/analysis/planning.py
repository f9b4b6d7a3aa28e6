"""A plan of reconciling, carried out on the stored facts inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models.functions import Coalesce
from django.utils import timezone

from conversations.models import Conversation, ExtractedFact
from conversations.models.fact import UNSURE, Origin, Review
from conversations.querysets import FactQuerySet
from convoai.analysis.reconcile import Step
from convoai.analysis.result import FactFound

# Rows in one statement.
BATCH = 1_000


def carry_out(
    *, conversation: Conversation, plan: Sequence[Step], fallen: Sequence[FactFound]
) -> None:
    """Store what the plan says; facts whose quote does not stand are kept for review only."""
    rows = [
        _row(conversation, step.fact, doubtful=step.action == "doubtful")
        for step in plan
        if step.action in {"add", "doubtful"}
    ]
    rows += [_row(conversation, fact, doubtful=True, with_evidence=False) for fact in fallen]
    # What closes nothing goes first and in one go: no step before it concerns the same value.
    ExtractedFact.objects.bulk_create(rows, batch_size=BATCH)
    for step in plan:
        if step.action == "supersede":
            _supersede(conversation, step.fact)
        elif step.action == "past":
            _insert_past(conversation, step.fact)
    _confirm(plan)


def _row(
    conversation: Conversation,
    fact: FactFound,
    *,
    doubtful: bool = False,
    with_evidence: bool = True,
) -> ExtractedFact:
    return ExtractedFact(
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


def _supersede(conversation: Conversation, fact: FactFound) -> None:
    """Close the current values of the key, then store the new one and name it their successor."""
    rivals = _values_of_key(conversation, fact).current()
    closed = list(rivals.values_list("pk", flat=True))
    older = ExtractedFact.objects.filter(pk__in=closed)
    older.update(is_current=False, valid_to=_since(conversation, fact), updated_at=timezone.now())
    row = _row(conversation, fact)
    row.save(force_insert=True)
    older.update(superseded_by=row)


def _insert_past(conversation: Conversation, fact: FactFound) -> None:
    """Something that was true before a value that is known already.

    It holds until the value that came next, and ends the one that came before; that one is left
    as it is where a person had a word in it.
    """
    since = _since(conversation, fact)
    values: Any = _values_of_key(conversation, fact).exclude(review__in=UNSURE)
    values = values.annotate(since=Coalesce("valid_from", "extracted_at"))
    successor = values.filter(since__gt=since).order_by("since", "pk").first()
    row = _row(conversation, fact)
    row.is_current = False
    row.superseded_by = successor
    row.valid_to = successor.since if successor else None
    row.save(force_insert=True)
    values.filter(
        is_current=False,
        review=Review.UNREVIEWED,
        superseded_by__isnull=False,
        since__lte=since,
        valid_to__gt=since,
    ).exclude(pk=row.pk).update(valid_to=since, superseded_by=row, updated_at=timezone.now())


def _values_of_key(conversation: Conversation, fact: FactFound) -> FactQuerySet:
    """What else is stored under a single-valued key, current or not."""
    values: FactQuerySet = ExtractedFact.objects.filter(
        partner_id=conversation.partner_id,
        subject__iexact=fact.subject,
        fact_key__iexact=fact.fact_key,
        many_valued=False,
    )
    return values


def _confirm(plan: Sequence[Step]) -> None:
    """What was heard again is at least as sure as the surer of the two."""
    heard: dict[float, list[int]] = defaultdict(list)
    for step in plan:
        if step.action == "confirm" and step.known is not None:
            heard[step.fact.confidence].append(step.known)
    for confidence, numbers in heard.items():
        known = ExtractedFact.objects.filter(pk__in=numbers, confidence__lt=confidence)
        known.update(confidence=confidence, updated_at=timezone.now())


def _since(conversation: Conversation, fact: FactFound) -> datetime:
    return fact.valid_from or conversation.started_at
