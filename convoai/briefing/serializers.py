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


class ProfileStatisticsSerializer(serializers.Serializer[Any]):
    """The two totals of talks count analysed ones only, as they always did."""

    total_conversations = serializers.IntegerField(help_text="Analysed conversations.")
    total_messages = serializers.IntegerField(help_text="Messages of analysed conversations.")
    all_conversations = serializers.IntegerField(help_text="Analysed or not.")
    all_messages = serializers.IntegerField(help_text="Of all conversations.")
    total_facts = serializers.IntegerField(
        help_text="Current facts from talks with the partner, about whomever; none in review."
    )
    facts_about_partner = serializers.IntegerField(help_text="Of those, the rows in `facts`.")
    facts_about_you = serializers.IntegerField(help_text="Of those, about the owner.")
    facts_about_others = serializers.IntegerField(help_text="Of those, about third persons.")
    pinned_facts = serializers.IntegerField(help_text="Of all those.")
    topics_count = serializers.IntegerField(help_text="Topics of analysed conversations.")


class ProfileFactSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    key = serializers.CharField()
    value = serializers.CharField()
    confidence = serializers.FloatField()
    extracted_at = serializers.CharField()
    is_pinned = serializers.BooleanField()


class OtherFactSerializer(ProfileFactSerializer):
    subject = serializers.CharField(help_text="'user', or the name of a third person")


class LastConversationSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    date = serializers.CharField()
    summary = serializers.CharField(allow_null=True)


class ProfileSerializer(serializers.Serializer[Any]):
    partner_id = serializers.IntegerField()
    partner_name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)
    relationship = serializers.CharField(allow_null=True)
    notes = serializers.CharField(allow_null=True)
    statistics = ProfileStatisticsSerializer()
    facts = serializers.DictField(child=ProfileFactSerializer(many=True), help_text="By category.")
    other_facts = OtherFactSerializer(many=True, help_text="Not about the partner.")
    topics = serializers.ListField(child=serializers.CharField())
    last_conversation = LastConversationSerializer(allow_null=True)
    created_at = serializers.CharField()


class ProfileSummarySerializer(serializers.Serializer[Any]):
    facts_count = serializers.IntegerField()
    topics_count = serializers.IntegerField()
    conversations_count = serializers.IntegerField()


class InsightsSerializer(serializers.Serializer[Any]):
    partner_id = serializers.IntegerField()
    partner_name = serializers.CharField()
    suggestions = serializers.ListField(child=serializers.CharField())
    profile_summary = ProfileSummarySerializer()


class LineSerializer(serializers.Serializer[Any]):
    """A line of a briefing and the rows it rests on."""

    text = serializers.CharField()
    date = serializers.DateField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True)
    age_days = serializers.IntegerField(allow_null=True)
    fact_ids = serializers.ListField(child=serializers.IntegerField())
    message_ids = serializers.ListField(child=serializers.IntegerField())
    conversation_ids = serializers.ListField(child=serializers.IntegerField())
    is_pinned = serializers.BooleanField()
    promise = serializers.IntegerField(
        allow_null=True, help_text="Number of a promise in its conversation."
    )


class PromisesSerializer(serializers.Serializer[Any]):
    yours = LineSerializer(many=True)
    theirs = LineSerializer(many=True)
    others = LineSerializer(many=True, help_text="Of third persons.")


class BriefingSerializer(serializers.Serializer[Any]):
    partner_id = serializers.IntegerField()
    partner_name = serializers.CharField()
    as_of = serializers.DateTimeField(allow_null=True)
    who = LineSerializer(many=True)
    how_long = LineSerializer()
    pinned = LineSerializer(many=True)
    last_talk = LineSerializer(many=True)
    changes = LineSerializer(many=True)
    promises = PromisesSerializer()
    coming_up = LineSerializer(many=True)
    remember = LineSerializer(many=True)
    ask = LineSerializer(many=True)
    avoid = LineSerializer(many=True)
