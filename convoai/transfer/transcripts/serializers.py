"""What comes with a transcript over the API, and what is answered."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from conversations.serializers.conversations import LANGUAGES, ConversationSerializer
from convoai.api.fields import Choice, Id, Moment, StrictInput, Text
from convoai.refusals import Refusal
from convoai.transfer.transcripts.moments import iso_moment, zone
from convoai.transfer.transcripts.registry import FORMATS
from convoai.transfer.transcripts.transcript import Transcript

MOST_SPEAKERS = 100


class TranscriptOptions(StrictInput):
    """Query parameters beside a text body, or fields of the form. `partner_id` or `partner`."""

    partner_id = Id(required=False)
    partner = Text(max_length=255, required=False, allow_blank=False)
    me = Text(max_length=255, required=False)
    speaker = serializers.ListField(
        child=Text(max_length=300),
        required=False,
        max_length=MOST_SPEAKERS,
        help_text="Name=user, Name=partner, Name=skip or Name=text; repeat it for each name",
    )
    date = Moment(required=False, help_text="when the recording began")
    format = Choice(choices=list(FORMATS), required=False)
    date_order = Choice(choices=["day", "month"], required=False)
    naive_tz = Text(max_length=100, required=False, help_text="e.g. Europe/Berlin; default UTC")
    title = Text(max_length=500, required=False)

    def get_fields(self) -> Any:
        # A field of this name would hide what DRF keeps there.
        return {**super().get_fields(), "language": Choice(choices=LANGUAGES, required=False)}

    def validate_naive_tz(self, name: str) -> tzinfo:
        try:
            return zone(name)
        except Refusal as refusal:
            raise ValidationError([ErrorDetail(refusal.message, refusal.code)]) from None

    def validate(self, attrs: Any) -> Any:
        if "date" in attrs:
            # The field took it as UTC.
            moment = iso_moment(self.initial_data["date"], attrs.get("naive_tz", UTC))
            attrs["date"] = moment or attrs["date"]
        if ("partner_id" in attrs) == ("partner" in attrs):
            problem = ErrorDetail("Give either partner_id or partner (a name).", "required")
            raise ValidationError({"partner_id": [problem]})
        return attrs


class TranscriptForm(TranscriptOptions):
    file = serializers.FileField(use_url=False)


class SpeakerSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(allow_blank=True)
    sender = serializers.CharField(help_text="user, partner, skip or text")
    messages = serializers.IntegerField()


class DetectedSerializer(serializers.Serializer[Any]):
    """What was found in a file, beside its words."""

    format = serializers.CharField()
    encoding = serializers.CharField()
    date_order = serializers.CharField(allow_null=True)
    messages = serializers.IntegerField()
    speakers = SpeakerSerializer(many=True)
    skipped = serializers.DictField(child=serializers.IntegerField())
    repaired = serializers.DictField(child=serializers.IntegerField())


class TranscriptSerializer(ConversationSerializer):
    """The talk, and what was found in the file."""

    detected = DetectedSerializer()

    class Meta(ConversationSerializer.Meta):
        fields = [*ConversationSerializer.Meta.fields, "detected"]
        read_only_fields = fields


def detected(transcript: Transcript) -> dict[str, Any]:
    """The object of DetectedSerializer."""
    return {
        "format": transcript.format,
        "encoding": transcript.encoding,
        "date_order": transcript.date_order,
        "messages": len(transcript.messages),
        "speakers": [
            {"name": one.name[:255], "sender": one.sender, "messages": one.messages}
            for one in transcript.speakers[:MOST_SPEAKERS]
        ],
        "skipped": transcript.skipped,
        "repaired": transcript.repaired,
    }
