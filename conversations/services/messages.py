"""Everything that changes messages."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from conversations.models import Conversation, ExtractedFact, Message
from conversations.models.fact import Origin, Review
from convoai.database.transactions import write

BATCH = 1_000
# One message for `copy_messages`: sender, speaker, content, timestamp.
CopiedRow = tuple[str, str, str, datetime]
COPY = (
    "COPY messages (user_id, conversation_id, position, sender, speaker, content, timestamp) "
    "FROM STDIN"
)
# What ends a column or a row in COPY's text format.
ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


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


def copy_messages(*, conversation: Conversation, rows: Iterable[CopiedRow], first: int) -> None:
    """COPY many messages to the positions from `first` on, inside the caller's transaction.

    Several times as fast as `insert_messages`, and without objects of the new rows. Rows are
    (sender, speaker, content, timestamp); a NUL in them is the caller's mistake.
    """
    start = f"{conversation.user_id}\t{conversation.pk}\t"
    lines = [
        f"{start}{position}\t{sender}\t{speaker.translate(ESCAPES)}\t"
        f"{content.translate(ESCAPES)}\t{timestamp.isoformat()}\n"
        for position, (sender, speaker, content, timestamp) in enumerate(rows, first)
    ]
    # Django does not turn the errors of this method into its own by itself.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(COPY, io.StringIO("".join(lines)))


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
