"""Conversations as JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from conversations.models import Conversation
from conversations.serializers.facts import FactSerializer
from conversations.serializers.messages import MessageInput, MessageSerializer
from conversations.serializers.promises import PromiseSerializer
from convoai.api.errors import ApiError
from convoai.api.fields import Choice, Id, Input, Moment, StrictInput, Text
from convoai.api.rows import Row

MAX_MESSAGES = 20_000
LANGUAGES = [
    "simple",
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
    "yiddish",
]


class ConversationSerializer(Row):
    class Meta:
        model = Conversation
        fields = [
            "id",
            "user_id",
            "partner_id",
            "title",
            "summary",
            "is_analyzed",
            "started_at",
            "ended_at",
            "created_at",
            "updated_at",
            "language",
            "source",
            "external_id",
            "full_transcript",
        ]
        read_only_fields = fields


class AnalysisRunSerializer(serializers.Serializer[Any]):
    """How a talk was read: `tokens_in` and `tokens_out` are null where no model was asked."""

    analyzer = serializers.CharField()
    version = serializers.CharField()
    tokens_in = serializers.IntegerField(allow_null=True)
    tokens_out = serializers.IntegerField(allow_null=True)
    seconds = serializers.FloatField()


@extend_schema_field(AnalysisRunSerializer)
class AnalysisRun(serializers.JSONField):
    """How a talk was read, as it is stored; null before."""


class ConversationDetailSerializer(ConversationSerializer):
    """With everything that hangs on it; `conversations.details` reads and joins it."""

    messages = MessageSerializer(many=True)
    action_items = serializers.ListField(child=serializers.CharField())
    promises = PromiseSerializer(many=True)
    analysis_run = AnalysisRun(read_only=True, allow_null=True)
    topics = serializers.ListField(child=serializers.CharField())
    extracted_facts = FactSerializer(many=True)

    class Meta(ConversationSerializer.Meta):
        fields = [
            *ConversationSerializer.Meta.fields,
            "sentiment",
            "key_insights",
            "suggested_topics",
            "suggested_questions",
            "action_items",
            "promises",
            "analyzer",
            "analyzed_at",
            "analysis_run",
            "analysis_error",
            "messages",
            "topics",
            "extracted_facts",
        ]
        read_only_fields = fields


class Messages(serializers.ListField):
    """Messages of one request: more than 20,000 are 413 `too_many_items`."""

    child = MessageInput()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list) and len(data) > MAX_MESSAGES:
            text = f"At most {MAX_MESSAGES:,} messages go into one request; send the rest in more."
            raise ApiError(413, "too_many_items", text)
        return super().to_internal_value(data)


class Times(Input):
    """Checks that a talk ends after it starts and starts at most a day from now."""

    def validate(self, attrs: Any) -> Any:
        started = attrs.get("started_at") or self.context.get("started_at") or timezone.now()
        ended = attrs.get("ended_at", self.context.get("ended_at"))
        if attrs.get("started_at") and started > timezone.now() + timedelta(days=1):
            raise ValidationError(
                {"started_at": [ErrorDetail("A talk cannot start in the future.", "in_future")]}
            )
        if ended and ended < started:
            raise ValidationError(
                {"ended_at": [ErrorDetail("A talk cannot end before it starts.", "before_start")]}
            )
        return attrs


class ConversationInput(Times):
    """A new talk. With `full_transcript` and no messages, the transcript is cut into messages."""

    partner_id = Id()
    title = Text(max_length=500, required=False, allow_null=True)
    messages = Messages(required=False)
    full_transcript = Text(required=False, allow_null=True)
    started_at = Moment(required=False, allow_null=True)
    ended_at = Moment(required=False, allow_null=True)
    language = Choice(choices=LANGUAGES, required=False)
    # A field of that name would hide the attribute `source` that every DRF field has.
    external_id = Text(max_length=255, required=False, allow_null=True, allow_blank=False)

    def get_fields(self) -> Any:
        return {**super().get_fields(), "source": Text(max_length=50, required=False)}

    def validate(self, attrs: Any) -> Any:
        if "messages" not in attrs and not attrs.get("full_transcript"):
            raise ValidationError({"messages": [ErrorDetail("Field required", "required")]})
        return super().validate(attrs)


class ConversationChanges(Times, StrictInput):
    """Only the keys that are sent are written."""

    title = Text(max_length=500, required=False, allow_null=True)
    summary = Text(max_length=100_000, required=False, allow_null=True)
    started_at = Moment(required=False)
    ended_at = Moment(required=False, allow_null=True)
    language = Choice(choices=LANGUAGES, required=False)
    external_id = Text(max_length=255, required=False, allow_null=True, allow_blank=False)
