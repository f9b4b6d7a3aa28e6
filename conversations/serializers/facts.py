"""Facts as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from conversations.models import ExtractedFact
from conversations.services.verdicts import VERDICTS
from convoai.api.errors import ApiError
from convoai.api.fields import Choice, Flag, Id, Moment, Number, OffsetMoment, StrictInput, Text
from convoai.api.rows import Row

MOST_IDS = 500


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
            "pinned_at",
        ]
        read_only_fields = fields


class Ids(serializers.ListField):
    """Numbers of rows, at least one: more than 500 are 413 `too_many_items`."""

    child = Id()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty=False, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list) and len(data) > MOST_IDS:
            text = f"At most {MOST_IDS} ids go into one request; send the rest in more."
            raise ApiError(413, "too_many_items", text)
        return super().to_internal_value(data)


class FactWords(StrictInput):
    """What a person may say of a fact; only the keys that are sent are written."""

    category = Text(max_length=100, allow_blank=False, required=False)
    fact_key = Text(max_length=200, allow_blank=False, required=False)
    fact_value = Text(max_length=10_000, allow_blank=False, required=False)
    subject = Text(max_length=255, allow_blank=False, required=False)
    confidence = Number(min_value=0, max_value=1, required=False)
    many_valued = Flag(required=False)
    valid_from = Moment(required=False, allow_null=True)


class FactVerdicts(StrictInput):
    """One verdict on several facts."""

    ids = Ids()
    action = Choice(choices=list(VERDICTS))


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
