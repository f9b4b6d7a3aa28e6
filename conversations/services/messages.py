"""Everything that changes messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.services.embedding import MessageVectors, vectors_of
from convoai.database.transactions import write
from partners.models import ConversationPartner

BATCH = 1_000


def append_messages(
    *, conversation: Conversation, messages: Sequence[Mapping[str, Any]]
) -> list[Message]:
    """Add messages (sender, content, perhaps speaker and timestamp) at the end of a talk.

    The talk's row is locked first, so that positions are not given twice and a deletion that
    runs at the same time either comes first (Conversation.DoesNotExist) or takes them along.
    """
    return _append(conversation, messages, vectors_of(messages))


@write
def _append(
    conversation: Conversation,
    messages: Sequence[Mapping[str, Any]],
    vectors: MessageVectors | None,
) -> list[Message]:
    locked = (
        Conversation.objects.select_for_update(no_key=True)
        .only("pk", "user_id")
        .get(pk=conversation.pk)
    )
    last = Message.objects.filter(conversation=locked).aggregate(last=Max("position"))["last"]
    first = 0 if last is None else last + 1
    return insert_messages(locked, messages, vectors, first=first, moment=timezone.now())


def insert_messages(
    conversation: Conversation,
    messages: Sequence[Mapping[str, Any]],
    vectors: MessageVectors | None,
    *,
    first: int,
    moment: datetime,
) -> list[Message]:
    """Insert messages at the positions from `first` on, inside the caller's transaction.

    Those without a time of their own were said at `moment`. `vectors` are those of `vectors_of`.
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
            embedding=vectors.vectors[index] if vectors else None,
            embedding_model=vectors.model if vectors else None,
        )
        for index, message in enumerate(messages)
    ]
    return Message.objects.bulk_create(rows, batch_size=BATCH)  # type: ignore[no-any-return]


@write
def correct_message(*, message: Message, changes: Mapping[str, Any]) -> Message:
    """Write the given columns (content, speaker, sender, timestamp).

    The database sees to the facts that quote the message: they keep their place in the new words.
    Where the quote is gone, what nobody touched is retired and what it had closed is current
    again; what the person touched stays and loses the quote.
    """
    if {"content", "sender"} & changes.keys():
        # An analysis that stores facts of the partner meanwhile comes first or sees the change.
        talk = Conversation.objects.filter(pk=message.conversation_id).values("partner_id")
        ConversationPartner.objects.select_for_update(no_key=True).only("pk").get(pk__in=talk)
    for name, value in changes.items():
        setattr(message, name, value)
    written = list(changes)
    if {"content", "speaker"} & set(changes):
        written += _embed_anew(message)
    message.save(update_fields=written)
    return message


def _embed_anew(message: Message) -> list[str]:
    """Set the vector of the message's new words; return the columns to write."""
    # One text takes less time than the statement that stores it, so it may hold the transaction.
    vectors = vectors_of([{"speaker": message.speaker, "content": message.content}])
    if vectors is None:
        # The database takes the old vector away.
        return []
    message.embedding, message.embedding_model = vectors.vectors[0], vectors.model
    return ["embedding", "embedding_model"]


@write
def delete_message(*, message: Message) -> None:
    """Remove one message; facts that rest on it alone go along (the database sees to it)."""
    message.delete()
