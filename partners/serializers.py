"""Partners as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from convoai.api.fields import Input, Integer, Number, Numbers, StrictInput, Text
from convoai.api.rows import Made, Row
from partners.models import ConversationPartner


class PartnerSerializer(Row):
    image_url = Made("id", "image_url", "image_path")

    class Meta:
        model = ConversationPartner
        fields = [
            "id",
            "user_id",
            "name",
            "email",
            "phone",
            "notes",
            "relationship",
            "image_url",
            "image_path",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def get_image_url(self, pk: int, address: str | None, path: str | None) -> str | None:
        """Where the owner can fetch the picture, or an address that came with old data."""
        if not path or not path.startswith("faces/"):
            return address
        path = f"/api/partners/{pk}/image"
        request: Any = self.context.get("request")
        return request.build_absolute_uri(path) if request else path


class PartnerInput(Input):
    """A new partner. `email` need not be an address: existing frontends do not check it."""

    name = Text(max_length=255)
    email = Text(max_length=255, required=False, allow_null=True)
    phone = Text(max_length=100, required=False, allow_null=True)
    notes = Text(max_length=100_000, required=False, allow_null=True)
    relationship = Text(max_length=255, required=False, allow_null=True)


class PartnerChanges(PartnerInput):
    """Only the keys that are sent are written; null clears."""

    name = Text(max_length=255, required=False)


class PartnerWithImageInput(PartnerInput):
    """A form; an `image` that cannot be used is left out, and the partner made all the same."""

    image = serializers.FileField(required=False, allow_null=True, allow_empty_file=True)


class ImageInput(Input):
    image = serializers.FileField(allow_empty_file=True)


class FaceInput(StrictInput):
    """A face's vector, and the model and version that made it."""

    embedding = Numbers()
    model = Text(max_length=200, min_length=1, allow_blank=False)


class MatchInput(StrictInput):
    """A face's vector to look for; `threshold` 0.75 is a cosine of 0.5."""

    embedding = Numbers()
    top_k = Integer(min_value=1, max_value=100, required=False, default=5)
    threshold = Number(min_value=0, max_value=1, required=False, default=0.75)
    model = Text(max_length=200, min_length=1, allow_blank=False, required=False, allow_null=True)


class MatchSerializer(serializers.Serializer[Any]):
    """One partner, and how alike the faces are: (cosine + 1) / 2."""

    partner = PartnerSerializer()
    similarity = serializers.FloatField()


class MatchesSerializer(serializers.Serializer[Any]):
    results = MatchSerializer(many=True)
    count = serializers.IntegerField()
