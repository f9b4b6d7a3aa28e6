"""Facts as JSON."""

from __future__ import annotations

from rest_framework import serializers

from conversations.models import ExtractedFact
from convoai.api.fields import Flag, Id, Moment, Number, OffsetMoment, StrictInput, Text
from convoai.api.rows import Row


class FactSerializer(Row):
    partner_id = serializers.IntegerField()
    conversation_id = serializers.IntegerField(allow_null=True)
    source_message_id = serializers.IntegerField(allow_null=True)
    superseded_by = serializers.IntegerField(source="superseded_by_id", allow_null=True)
    extracted_at = OffsetMoment()

    class Meta:
        model = ExtractedFact
        fields = [
            "id",
            "partner_id",
            "conversation_id",
            "category",
            "fact_key",
            "fact_value",
            "confidence",
            "subject",
            "quote",
            "quote_start",
            "source_message_id",
            "many_valued",
            "is_current",
            "valid_from",
            "valid_to",
            "superseded_by",
            "origin",
            "review",
            "extracted_at",
        ]
        read_only_fields = fields


class FactWords(StrictInput):
    """What a person may say of a fact; only the keys that are sent are written."""

    category = Text(max_length=100, allow_blank=False, required=False)
    fact_key = Text(max_length=200, allow_blank=False, required=False)
    fact_value = Text(max_length=10_000, allow_blank=False, required=False)
    subject = Text(max_length=255, allow_blank=False, required=False)
    confidence = Number(min_value=0, max_value=1, required=False)
    many_valued = Flag(required=False)
    valid_from = Moment(required=False, allow_null=True)


class FactInput(FactWords):
    """A fact in the person's own words, perhaps with the message and the words it rests on."""

    partner_id = Id()
    category = Text(max_length=100, allow_blank=False)
    fact_key = Text(max_length=200, allow_blank=False)
    fact_value = Text(max_length=10_000, allow_blank=False)
    conversation_id = Id(required=False, allow_null=True)
    source_message_id = Id(required=False, allow_null=True)
    quote = Text(max_length=10_000, required=False)


class FactCorrection(FactWords):
    """What the person says instead."""

    fact_value = Text(max_length=10_000, allow_blank=False)
