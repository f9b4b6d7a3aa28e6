"""Everything that changes messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone

from conversations.models import Conversation, ExtractedFact, Message
from conversations.models.fact import Origin, Review
from convoai.database.transactions import write

BATCH = 1_000


@write
def append_messages(
    *, conversation: Conversation, messages: Sequence[Mapping[str, Any]]
) -> list[Message]:
    """Add messages (sender, content, perhaps speaker and timestamp) at the end of a talk.

    The talk's row is locked first, so that positions are not given twice and a deletion that
    runs at the same time either comes first (Conversation.DoesNotExist) or takes them along.
    """
    locked = Conversation.objects.select_for_update().only("pk", "user_id").get(pk=conversation.pk)
    last = Message.objects.filter(conversation=locked).aggregate(last=Max("position"))["last"]
    return insert_messages(
        locked, messages, first=0 if last is None else last + 1, moment=timezone.now()
    )


def insert_messages(
    conversation: Conversation,
    messages: Sequence[Mapping[str, Any]],
    *,
    first: int,
    moment: datetime,
) -> list[Message]:
    """Insert messages at the positions from `first` on, inside the caller's transaction.

    Those without a time of their own were said at `moment`.
    """
    rows = [
        Message(
            user_id=conversation.user_id,
            conversation_id=conversation.pk,
            position=first + index,
            sender=message["sender"],
            speaker=message.get("speaker") or "",
            content=message["content"],
            timestamp=message.get("timestamp") or moment,
        )
        for index, message in enumerate(messages)
    ]
    return Message.objects.bulk_create(rows, batch_size=BATCH)  # type: ignore[no-any-return]


@write
def correct_message(*, message: Message, changes: Mapping[str, Any]) -> Message:
    """Write the given columns (content, speaker, sender, timestamp).

    Facts that quote the message keep their place in the new words; those whose quote is gone,
    and that the person never confirmed, wait for review.
    """
    for name, value in changes.items():
        setattr(message, name, value)
    message.save(update_fields=list(changes))
    if "content" in changes:
        _replace_quotes(message)
    return message


def _replace_quotes(message: Message) -> None:
    quoting = ExtractedFact.objects.filter(source_message=message).exclude(quote="")
    moved = []
    for fact in quoting.select_for_update():
        start = message.content.find(fact.quote)
        place = start if start >= 0 else None
        if place is not None and place == fact.quote_start:
            continue
        fact.quote_start = place
        if place is None and fact.origin != Origin.USER and fact.review == Review.UNREVIEWED:
            fact.review = Review.NEEDS_REVIEW
        fact.updated_at = timezone.now()
        moved.append(fact)
    ExtractedFact.objects.bulk_update(moved, ["quote_start", "review", "updated_at"], BATCH)


@write
def delete_message(*, message: Message) -> None:
    """Remove one message; facts that rest on it alone go along (the database sees to it)."""
    message.delete()
