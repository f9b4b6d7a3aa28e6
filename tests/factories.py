"""Plain functions that make rows. Alice owns, Bob is another owner, Charlie is nobody's friend."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from conversations.models import Conversation, ExtractedFact, Message
from convoai.accounts.models import User
from partners.models import ConversationPartner

_numbers = itertools.count(1)

PASSWORD = "a long enough pass phrase"


def make_user(name: str = "alice", *, password: str | None = None, **fields: Any) -> User:
    """A user `name`@example.org; without a usable password unless one is given (argon2 is slow)."""
    user = User(email=f"{name}@example.org", username=name, **fields)
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.save()
    return user


def make_partner(user: User, name: str = "Dana", **fields: Any) -> ConversationPartner:
    return ConversationPartner.objects.create(user=user, name=name, **fields)  # type: ignore[no-any-return]


def make_conversation(
    partner: ConversationPartner, *words: str, user: User | None = None, **fields: Any
) -> Conversation:
    """A talk in which the partner and the user say the given sentences by turns."""
    conversation: Conversation = Conversation.objects.create(
        user_id=user.pk if user else partner.user_id, partner=partner, **fields
    )
    for sentence in words:
        make_message(conversation, sentence)
    return conversation


def make_message(conversation: Conversation, content: str = "Hello.", **fields: Any) -> Message:
    position = fields.pop("position", None)
    if position is None:
        position = Message.objects.filter(conversation=conversation).count()
    fields.setdefault("sender", ("partner", "user")[position % 2])
    return Message.objects.create(  # type: ignore[no-any-return]
        user_id=conversation.user_id,
        conversation=conversation,
        position=position,
        content=content,
        **fields,
    )


def make_fact(
    partner: ConversationPartner, key: str = "employer", value: str = "Nordlicht", **fields: Any
) -> ExtractedFact:
    fields.setdefault("category", "work")
    return ExtractedFact.objects.create(  # type: ignore[no-any-return]
        user_id=partner.user_id, partner=partner, fact_key=key, fact_value=value, **fields
    )


def unique(word: str) -> str:
    """The word with a number that no other call gives."""
    return f"{word}{next(_numbers)}"


def texts(rows: Sequence[dict[str, Any]], key: str = "content") -> list[Any]:
    return [row[key] for row in rows]
