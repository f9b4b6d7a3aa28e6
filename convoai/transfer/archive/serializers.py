"""What the API says of an archive that is being made."""

from __future__ import annotations

from rest_framework import serializers


class OrderSerializer(serializers.Serializer[object]):
    export_id = serializers.IntegerField()
    status = serializers.ChoiceField(["queued", "running"])
    status_url = serializers.CharField()
    worker = serializers.BooleanField(help_text="whether a worker is running")
    message = serializers.CharField()
