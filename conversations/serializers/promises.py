"""Promises as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from conversations.promises import STATES
from convoai.api.fields import Choice, Id, StrictInput


class PromiseSerializer(serializers.Serializer[Any]):
    """Who promised what, by when, and the words it rests on; old ones rest on their talk alone."""

    number = serializers.IntegerField(help_text="in its conversation, from 1")
    who = serializers.CharField(help_text="'user', 'partner', or the name of a third person")
    text = serializers.CharField()
    due = serializers.DateField(allow_null=True)
    quote = serializers.CharField(allow_blank=True)
    quote_start = serializers.IntegerField(allow_null=True)
    message_id = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=STATES)
    decided_at = serializers.DateTimeField(allow_null=True)


class PromiseMark(StrictInput):
    """What became of a promise."""

    number = Id()
    state = Choice(choices=list(STATES))
