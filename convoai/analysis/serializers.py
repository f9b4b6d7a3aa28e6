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


class GoesOnSerializer(AnalysisSerializer):
    """An analysis that is not done yet: as of a talk without words, and the job to ask for."""

    job_id = serializers.IntegerField()
    status = serializers.CharField()
    status_url = serializers.CharField()
    worker = serializers.BooleanField()
    message = serializers.CharField()


class AnalyzedConversationSerializer(serializers.Serializer[Any]):
    """Only the figures, as `analyze-conversation` was meant to answer."""

    conversation_id = serializers.IntegerField()
    facts_extracted = serializers.IntegerField()
    topics_identified = serializers.IntegerField()
    summary = serializers.CharField()


class FailedConversationSerializer(serializers.Serializer[Any]):
    conversation_id = serializers.IntegerField()
    reason = serializers.CharField()


class AnalyzedAllSerializer(serializers.Serializer[Any]):
    """`left` counts talks that were not come to; `jobs` are those that a worker goes on with."""

    message = serializers.CharField()
    analyzed_count = serializers.IntegerField()
    total_conversations = serializers.IntegerField()
    failed = FailedConversationSerializer(many=True)
    left = serializers.IntegerField()
    jobs = serializers.ListField(child=serializers.IntegerField())


class JobResultSerializer(serializers.Serializer[Any]):
    facts_extracted = serializers.IntegerField()
    topics_identified = serializers.IntegerField()


class JobSerializer(serializers.Serializer[Any]):
    """Work in the background, and how far it is."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    status = serializers.ChoiceField(
        choices=["queued", "running", "failed_retryable", "done", "failed"]
    )
    conversation_id = serializers.IntegerField()
    result = JobResultSerializer(allow_null=True)
    error = serializers.CharField(allow_null=True)
    retry_at = serializers.DateTimeField(allow_null=True)


class QueuedJobSerializer(serializers.Serializer[Any]):
    """Where to ask for the result, and whether anybody works on it."""

    job_id = serializers.IntegerField()
    status = serializers.CharField()
    status_url = serializers.CharField()
    worker = serializers.BooleanField()
    message = serializers.CharField()
