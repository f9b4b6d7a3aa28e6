"""Topics as JSON."""

from __future__ import annotations

from rest_framework import serializers

from conversations.models import Topic
from convoai.api.rows import Row


class TopicSerializer(Row):
    conversation_count = serializers.IntegerField(help_text="Own conversations about it.")

    class Meta:
        model = Topic
        fields = ["id", "name", "category", "conversation_count", "created_at"]
        read_only_fields = fields
