"""Everything that changes facts. The person's word outranks the analyzer's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Case, DateTimeField, F, QuerySet, Value, When
from django.utils import timezone

from conversations.fact_keys import is_many_valued
from conversations.models import Conversation, ExtractedFact, Message
from conversations.models.fact import Origin, Review
from convoai.accounts.models import User
from convoai.database.transactions import write
from convoai.refusals import Refusal
from partners.models import ConversationPartner


@write
def create_fact(
    *,
    user: User,
    partner: ConversationPartner,
    category: str,
    fact_key: str,
    fact_value: str,
    confidence: float = 1.0,
    subject: str = "partner",
    conversation: Conversation | None = None,
    source_message: Message | None = None,
    quote: str = "",
    many_valued: bool | None = None,
    valid_from: datetime | None = None,
) -> ExtractedFact:
    """A fact in the person's own words: confirmed, and current from now on.

    A newer value of a single-valued key closes the older one. Raises Refusal
    `quote_not_found` when the quote does not stand in the source message.
    """
    # Two new values of one key would otherwise both look for an older one and find none.
    ConversationPartner.objects.select_for_update(no_key=True).only("pk").get(pk=partner.pk)
    fact = ExtractedFact(
        user=user,
        partner=partner,
        conversation=conversation or (source_message.conversation if source_message else None),
        source_message=source_message,
        category=category,
        fact_key=fact_key,
        fact_value=fact_value,
        confidence=confidence,
        subject=subject,
        quote=quote,
        quote_start=place_of_quote(quote, source_message),
        many_valued=is_many_valued(fact_key) if many_valued is None else many_valued,
        valid_from=valid_from,
        origin=Origin.USER,
        review=Review.CONFIRMED,
    )
    closed = _close_older(fact)
    fact.save(force_insert=True)
    ExtractedFact.objects.filter(pk__in=closed).update(superseded_by=fact)
    return fact


def place_of_quote(quote: str, message: Message | None) -> int | None:
    """Where the quote begins in the message, in code points; None when there is no quote."""
    if not quote:
        return None
    if message is None:
        text = "A quote needs the message it stands in; send source_message_id too."
        raise Refusal("quote_without_message", text, place=("body", "source_message_id"))
    start = message.content.find(quote)
    if start < 0:
        text = "These words do not stand in the message; quote it to the letter."
        raise Refusal("quote_not_found", text, place=("body", "quote"))
    return start


@write
def confirm_fact(*, fact: ExtractedFact) -> ExtractedFact:
    """Say that the fact is right; one that was rejected or only in doubt becomes current."""
    locked = _locked(fact)
    if _was_kept_out(locked):
        _reopen(locked)
    locked.review = Review.CONFIRMED
    locked.save(update_fields=["review", "updated_at"])
    return locked


@write
def correct_fact(*, fact: ExtractedFact, changes: Mapping[str, Any]) -> ExtractedFact:
    """Write what the person says instead (fact_value, category, fact_key, subject, ...).

    `original_value` keeps what was heard first, so that hearing it again changes nothing. A
    rejected or doubtful fact becomes current. Under another key or subject, the fact closes the
    value that is current there, and what it had closed before is current again.
    """
    locked = _locked(fact)
    was_kept_out, was_current = _was_kept_out(locked), locked.is_current
    before = (locked.fact_key, locked.subject)
    if "fact_value" in changes and not locked.original_value:
        locked.original_value = locked.fact_value
    for name, value in changes.items():
        setattr(locked, name, value)
    if was_kept_out:
        locked.is_current, locked.valid_to, locked.superseded_by = True, None, None
    left_behind: list[int] = []
    if (locked.fact_key, locked.subject) != before:
        left_behind = list(locked.supersedes.values_list("pk", flat=True))
    is_new_there = was_kept_out or {"fact_key", "subject", "many_valued"} & changes.keys()
    is_rival = bool(is_new_there) and locked.is_current
    closed = _close_older(locked) if is_rival else []
    locked.review = Review.CORRECTED
    places = ["is_current", "valid_to", "superseded_by"]
    locked.save(update_fields=[*changes, *places, "original_value", "review", "updated_at"])
    ExtractedFact.objects.filter(pk__in=closed).update(superseded_by=locked)
    if left_behind:
        _release(locked, ExtractedFact.objects.filter(pk__in=left_behind), was_current)
    return locked


@write
def reject_fact(*, fact: ExtractedFact) -> ExtractedFact:
    """Say that the fact is wrong: it is no longer current, and the value it closed is again."""
    locked = _locked(fact)
    was_current = locked.is_current
    locked.review = Review.REJECTED
    locked.is_current = False
    locked.save(update_fields=["review", "is_current", "updated_at"])
    _release(locked, locked.supersedes.all(), was_current)
    return locked


@write
def pin_fact(*, fact: ExtractedFact) -> ExtractedFact:
    """Keep the fact in sight: first in profile and briefing, and never dropped for space.

    Says nothing of whether it is right; yet a pinned fact outlives a new analysis and its source.
    """
    return _pinned(fact, timezone.now())


@write
def unpin_fact(*, fact: ExtractedFact) -> ExtractedFact:
    """Let the fact take its place among the others again."""
    return _pinned(fact, None)


@write
def delete_fact(*, fact: ExtractedFact) -> None:
    """Remove a fact; the value it had closed becomes current again (the database sees to it)."""
    fact.delete()


def _pinned(fact: ExtractedFact, moment: datetime | None) -> ExtractedFact:
    locked = _locked(fact)
    # Pinning again changes nothing, not even since when.
    if (locked.pinned_at is None) != (moment is None):
        locked.pinned_at = moment
        locked.save(update_fields=["pinned_at", "updated_at"])
    return locked


def _was_kept_out(fact: ExtractedFact) -> bool:
    """Whether the fact is not current for its review alone: rejected, or never past its doubt."""
    is_doubt = fact.review == Review.NEEDS_REVIEW and not fact.is_current
    return fact.review == Review.REJECTED or (
        is_doubt and fact.valid_to is None and fact.superseded_by_id is None
    )


def _locked(fact: ExtractedFact) -> ExtractedFact:
    locked: ExtractedFact = ExtractedFact.objects.select_for_update().get(pk=fact.pk)
    return locked


def _release(fact: ExtractedFact, older: QuerySet[ExtractedFact], was_current: bool) -> None:
    """Let go of the values that a fact had closed and closes no more."""
    successor = fact.superseded_by
    if successor is not None:
        # What came before was true until the value that came after.
        until = successor.valid_from or fact.valid_to
        older.update(superseded_by=successor, valid_to=until, updated_at=timezone.now())
    elif was_current:
        by_age = older.exclude(review=Review.REJECTED).order_by(
            F("valid_from").desc(nulls_last=True), "-pk"
        )
        latest = by_age.first()
        if latest:
            _reopen(latest)
            older.exclude(pk=latest.pk).update(superseded_by=latest, updated_at=timezone.now())


def _rivals(fact: ExtractedFact) -> QuerySet[ExtractedFact]:
    """Other current values of the same single-valued key."""
    if fact.many_valued:
        nothing: QuerySet[ExtractedFact] = ExtractedFact.objects.none()
        return nothing
    rivals: QuerySet[ExtractedFact] = (
        ExtractedFact.objects.filter(
            partner_id=fact.partner_id, subject=fact.subject, fact_key=fact.fact_key
        )
        .current()
        .exclude(pk=fact.pk)
    )
    return rivals


def _close_older(fact: ExtractedFact) -> list[int]:
    """Close the current values of the fact's key; returns their ids.

    They held until the fact began. One that began later still, and one against a fact of which
    nobody says since when it holds, held until now.
    """
    now = timezone.now()
    rivals = list(_rivals(fact).select_for_update().values_list("pk", flat=True))
    until: Any = Value(now, output_field=DateTimeField())
    if fact.valid_from:
        began = Value(fact.valid_from, output_field=DateTimeField())
        until = Case(When(valid_from__gt=fact.valid_from, then=until), default=began)
    ExtractedFact.objects.filter(pk__in=rivals).update(
        is_current=False, valid_to=until, updated_at=now
    )
    return rivals


def _reopen(fact: ExtractedFact) -> None:
    """Make a closed fact current, closing the value that is current instead."""
    closed = _close_older(fact)
    fact.is_current = True
    fact.valid_to = None
    fact.superseded_by = None
    fact.save(update_fields=["is_current", "valid_to", "superseded_by", "updated_at"])
    ExtractedFact.objects.filter(pk__in=closed).update(superseded_by=fact)
