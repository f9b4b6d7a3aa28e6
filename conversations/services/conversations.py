"""Everything that changes conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.services.embedding import MessageVectors, vectors_of
from conversations.services.messages import insert_messages
from conversations.transcripts import split_transcript
from convoai.accounts.models import User
from convoai.database.transactions import write
from convoai.refusals import Refusal
from partners.models import ConversationPartner

# How long a repeated Idempotency-Key means the same request.
KEY_LIFETIME = timedelta(hours=24)
KEY_PLACE = ("header", "Idempotency-Key")


@dataclass(frozen=True)
class Idempotency:
    """A client's key for one request, and a digest of the request's body."""

    key: str
    digest: str


def create_conversation(
    *,
    user: User,
    partner: ConversationPartner,
    title: str | None = None,
    messages: Sequence[Mapping[str, Any]] = (),
    full_transcript: str | None = None,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    language: str = "english",
    source: str = "api",
    external_id: str | None = None,
    idempotency: Idempotency | None = None,
) -> tuple[Conversation, bool]:
    """A talk with its messages, all or nothing; returns (conversation, whether it is new).

    A talk of the same user with the same `external_id`, or made under the same idempotency key
    within 24 hours, is returned instead. A transcript without messages is kept as it is and
    also cut into messages. Raises Refusal `idempotency_mismatch` when the key came with
    another body.
    """
    if not messages and full_transcript:
        messages = [asdict(turn) for turn in split_transcript(full_transcript, partner.name)]
    columns = {
        "user": user,
        "partner": partner,
        "title": title,
        "full_transcript": full_transcript,
        "started_at": started_at or timezone.now(),
        "ended_at": ended_at,
        "language": language,
        "source": source,
        "external_id": external_id,
    }
    return _create(columns, messages, vectors_of(messages), idempotency)


@write
def _create(
    columns: Mapping[str, Any],
    messages: Sequence[Mapping[str, Any]],
    vectors: MessageVectors | None,
    idempotency: Idempotency | None,
) -> tuple[Conversation, bool]:
    user, external_id = columns["user"], columns["external_id"]
    known = _known_conversation(user, external_id, idempotency)
    if known:
        return known, False
    conversation = Conversation(
        **columns,
        idempotency_key=idempotency.key if idempotency else None,
        idempotency_digest=idempotency.digest if idempotency else None,
    )
    if external_id is None and idempotency is None:
        conversation.save(force_insert=True)
    else:
        try:
            with transaction.atomic():
                conversation.save(force_insert=True)
        except IntegrityError:
            # Another request with the same name was faster; this one waited for its end.
            known = _known_conversation(user, external_id, idempotency)
            if known is None:
                raise
            return known, False
    moment = conversation.started_at
    insert_messages(conversation, messages, vectors, first=0, moment=moment)
    return conversation, True


def _known_conversation(
    user: User, external_id: str | None, idempotency: Idempotency | None
) -> Conversation | None:
    own = Conversation.objects.owned_by(user)
    if idempotency is not None:
        known: Conversation | None = own.filter(idempotency_key=idempotency.key).first()
        if known and known.created_at < timezone.now() - KEY_LIFETIME:
            own.filter(pk=known.pk).update(idempotency_key=None, idempotency_digest=None)
        elif known:
            if known.idempotency_digest != idempotency.digest:
                message = "This Idempotency-Key came with another body before; use a new key."
                raise Refusal("idempotency_mismatch", message, place=KEY_PLACE)
            return known
    if external_id is not None:
        named: Conversation | None = own.filter(external_id=external_id).first()
        return named
    return None


@write
def update_conversation(*, conversation: Conversation, changes: Mapping[str, Any]) -> Conversation:
    """Write the given columns (title, summary, started_at, ended_at, language, external_id).

    Messages without times of their own go along with the start.
    """
    before = conversation.started_at
    for name, value in changes.items():
        setattr(conversation, name, value)
    conversation.save(update_fields=[*changes, "updated_at"])
    if conversation.started_at != before:
        messages = Message.objects.filter(conversation=conversation)
        if not messages.exclude(timestamp=before).exists():
            messages.update(timestamp=conversation.started_at)
    return conversation


@write
def delete_conversation(*, conversation: Conversation) -> None:
    """Remove a talk with its messages and topic links, and the facts that rest on it alone."""
    # Locked first: messages that arrive meanwhile wait, and then find no talk to hang on.
    Conversation.objects.select_for_update().only("pk").get(pk=conversation.pk).delete()


@write
def delete_conversations(*, conversations: QuerySet[Conversation]) -> None:
    """Remove these talks as `delete_conversation` does, in one statement."""
    keys = list(conversations.order_by("pk").values_list("pk", flat=True))
    talks = Conversation.objects.filter(pk__in=keys)
    list(talks.order_by("pk").select_for_update().values_list("pk"))
    talks.delete()
