"""Briefings as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class SuggestionsSerializer(serializers.Serializer[Any]):
    partner_name = serializers.CharField()
    known_facts_count = serializers.IntegerField()
    recent_topics = serializers.ListField(child=serializers.CharField())
    conversation_starters = serializers.ListField(child=serializers.CharField())
    follow_up_questions = serializers.ListField(child=serializers.CharField())
    new_topic_suggestions = serializers.ListField(child=serializers.CharField())
