"""The answer of a search, for the API's description."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from convoai.search.messages import MODES
from convoai.search.parameters import TYPES
from convoai.search.similar import MEANING, NOTHING, WORDS


class ResultSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=TYPES)
    id = serializers.IntegerField()
    score = serializers.FloatField()
    conversation_id = serializers.IntegerField(allow_null=True)
    partner_id = serializers.IntegerField(allow_null=True)
    partner_name = serializers.CharField(allow_null=True)
    title = serializers.CharField(allow_null=True)
    timestamp = serializers.DateTimeField(allow_null=True)
    sender = serializers.CharField(allow_null=True)
    speaker = serializers.CharField(allow_null=True)
    position = serializers.IntegerField(allow_null=True)
    message_id = serializers.IntegerField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    is_current = serializers.BooleanField(allow_null=True)
    snippet = serializers.CharField(help_text="HTML: escaped, with <mark> round the words.")
    signals = serializers.DictField(
        child=serializers.FloatField(), required=False, help_text="With explain=1."
    )


class SimilarSerializer(serializers.Serializer[Any]):
    conversation_id = serializers.IntegerField()
    found_by = serializers.ChoiceField(
        choices=[MEANING, WORDS, NOTHING],
        help_text="meaning: by vectors of one model; words: by words and topics.",
    )
    results = ResultSerializer(many=True)


class SearchSerializer(serializers.Serializer[Any]):
    query = serializers.CharField()
    mode = serializers.ChoiceField(choices=MODES, help_text="The one that was used.")
    took_ms = serializers.FloatField()
    results = ResultSerializer(many=True)
    next_offset = serializers.IntegerField(allow_null=True, help_text="Of the next page.")
    dropped = serializers.ListField(
        child=serializers.CharField(), help_text="Words that were not looked for."
    )
    not_embedded = serializers.IntegerField(
        allow_null=True, help_text="Messages that could be found by their words only."
    )
