"""Accounts and keys in JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from convoai.accounts.models import ApiKey, User
from convoai.accounts.validators import PASSWORD_LENGTH
from convoai.api.fields import Integer, StrictInput, Text


class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = (
            "id",
            "email",
            "username",
            "is_active",
            "is_staff",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class LoginSerializer(StrictInput):
    email = Text(max_length=254, allow_blank=False)
    # Exactly as typed: a space at the end may be part of it.
    password = Text(max_length=PASSWORD_LENGTH, allow_blank=False)
    name = Text(max_length=100, required=False, allow_blank=True, help_text="What to call the key.")


class SignedInSerializer(serializers.Serializer[Any]):
    token = serializers.CharField()
    expiry = serializers.DateTimeField(allow_null=True)
    user = UserSerializer()


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    begins_with = serializers.CharField(source="token_key")
    created_at = serializers.DateTimeField(source="created")
    is_current = serializers.SerializerMethodField(
        help_text="Whether this request was made with it."
    )

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            "id",
            "name",
            "begins_with",
            "created_at",
            "expiry",
            "last_used_at",
            "is_current",
        )

    def get_is_current(self, key: ApiKey) -> bool:
        used = getattr(self.context.get("request"), "auth", None)
        return isinstance(used, ApiKey) and used.pk == key.pk


class NewApiKeySerializer(StrictInput):
    name = Text(max_length=100, allow_blank=False)
    expires_in_days = Integer(
        min_value=1,
        max_value=3650,
        required=False,
        allow_null=True,
        help_text="Without it the key is valid until it is revoked.",
    )


class CreatedApiKeySerializer(ApiKeySerializer):
    token = serializers.CharField(help_text="Shown this once; only a hash of it is stored.")

    class Meta(ApiKeySerializer.Meta):
        fields: tuple[str, ...] = (*ApiKeySerializer.Meta.fields, "token")
