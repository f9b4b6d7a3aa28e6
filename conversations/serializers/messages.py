"""Messages as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ErrorDetail, ValidationError

from conversations.models import Message
from conversations.models.message import Sender
from convoai.api.fields import Choice, Input, Moment, StrictInput, Text
from convoai.api.rows import Row

MAX_CONTENT = 100_000


class MessageSerializer(Row):
    class Meta:
        model = Message
        fields = [
            "id",
            "conversation_id",
            "position",
            "sender",
            "speaker",
            "content",
            "timestamp",
        ]
        read_only_fields = fields


class SenderField(Choice):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=Sender.choices, **kwargs)


class MessageInput(Input):
    """One message. `timestamp` is now when it is left out; `speaker` is a name as transcribed."""

    sender = SenderField()
    content = Text(max_length=MAX_CONTENT)
    speaker = Text(max_length=255, required=False)
    timestamp = Moment(required=False, allow_null=True)

    def validate_content(self, content: str) -> str:
        if not content.strip():
            raise ValidationError([ErrorDetail("A message needs words.", "string_too_short")])
        return content


class MessageChanges(StrictInput):
    """Only the keys that are sent are written."""

    sender = SenderField(required=False)
    content = Text(max_length=MAX_CONTENT, required=False)
    speaker = Text(max_length=255, required=False)
    timestamp = Moment(required=False)

    validate_content = MessageInput.validate_content
