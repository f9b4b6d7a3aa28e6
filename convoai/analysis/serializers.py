"""An analysis as JSON, in the keys that existing frontends read."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from conversations.serializers.facts import FactSerializer


class AnalysisSerializer(serializers.Serializer[Any]):
    conversation_id = serializers.IntegerField()
    analyzer = serializers.CharField()
    summary = serializers.CharField()
    main_topics = serializers.ListField(child=serializers.CharField())
    extracted_facts = FactSerializer(many=True)
    sentiment = serializers.CharField()
    key_insights = serializers.ListField(child=serializers.CharField())
    suggested_topics = serializers.ListField(child=serializers.CharField())
    suggested_questions = serializers.ListField(child=serializers.CharField())
    action_items = serializers.ListField(child=serializers.CharField())


class AnalyzedConversationSerializer(serializers.Serializer[Any]):
    """Only the figures, as `analyze-conversation` was meant to answer."""

    conversation_id = serializers.IntegerField()
    facts_extracted = serializers.IntegerField()
    topics_identified = serializers.IntegerField()
    summary = serializers.CharField()


class AnalyzedAllSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    analyzed_count = serializers.IntegerField()
    total_conversations = serializers.IntegerField()
