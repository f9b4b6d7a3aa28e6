"""One talk with everything that hangs on it, by four queries whatever it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from conversations.models import Conversation, ConversationTopic, ExtractedFact, Message
from conversations.promises import open_lines, promises_of
from conversations.serializers.conversations import ConversationDetailSerializer
from conversations.serializers.facts import FactSerializer
from conversations.serializers.messages import MessageSerializer
from convoai.accounts.models import User
from convoai.database.statements import Statement

TALK = Statement(
    lambda owner, pk: (
        Conversation.objects.owned_by(User(pk=owner))
        .filter(pk=pk)
        .values_list(*ConversationDetailSerializer().sources, "action_items", "partner__name")
    ),
    int,
    int,
)
MESSAGES = Statement(
    lambda owner, pk: (
        Message.objects.owned_by(User(pk=owner))
        .filter(conversation_id=pk)
        .in_order()
        .values_list(*MessageSerializer().sources)
    ),
    int,
    int,
)
TOPICS = Statement(
    lambda owner, pk: (
        ConversationTopic.objects.owned_by(User(pk=owner))
        .filter(conversation_id=pk)
        .order_by("-relevance_score", "topic__name")
        .values_list("topic__name")
    ),
    int,
    int,
)
FACTS = Statement(
    lambda owner, pk: (
        ExtractedFact.objects.owned_by(User(pk=owner))
        .filter(conversation_id=pk)
        .most_certain_first()
        .values_list(*FactSerializer().sources)
    ),
    int,
    int,
)


def read_detail(user: User, pk: int) -> dict[str, Any] | None:
    """The user's talk of this number as the detail's object; None when there is none.

    A talk without transcript is written out from its messages.
    """
    talk = TALK.row(user.pk, pk)
    if talk is None:
        return None
    *columns, items, partner_name = talk
    detail = ConversationDetailSerializer().from_values(columns)
    promises = promises_of(items, partner_name, detail["analyzer"])
    detail["action_items"] = open_lines(promises, partner_name)
    detail["promises"] = [asdict(promise) for promise in promises]
    message, fact = MessageSerializer(), FactSerializer()
    messages = [message.from_values(row) for row in MESSAGES.rows(user.pk, pk)]
    detail["full_transcript"] = detail["full_transcript"] or written_out(messages)
    detail["messages"] = messages
    detail["topics"] = [name for (name,) in TOPICS.rows(user.pk, pk)]
    detail["extracted_facts"] = [fact.from_values(row) for row in FACTS.rows(user.pk, pk)]
    return detail


def written_out(messages: Sequence[dict[str, Any]]) -> str | None:
    """One line per message, `<ISO time> [<sender>]: <content>`; None without messages."""
    lines = [
        f"{message['timestamp'].isoformat()} [{message['sender']}]: {message['content']}"
        for message in messages
    ]
    return "\n".join(lines) or None
