"""A key that lets a program or a frontend act as its owner. Only its digest is stored."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from knox.models import AbstractAuthToken, AuthTokenManager

from convoai.accounts.models.user import User


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def owned_by(self, user: User) -> Self:
        """The keys of this user; none for a user who is not stored."""
        return self.filter(user_id=user.pk) if user.pk else self.none()

    def valid(self) -> Self:
        """Keys that have not expired."""
        return self.filter(Q(expiry__isnull=True) | Q(expiry__gt=timezone.now()))


ApiKeyManager = AuthTokenManager.from_queryset(ApiKeyQuerySet)


class ApiKey(AbstractAuthToken):
    # knox makes the digest the primary key; a number of its own keeps the digest out of
    # addresses, lists and the admin's history.
    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=128, editable=False)
    # The first characters of the key, enough for its owner to tell keys apart.
    token_key = models.CharField("begins with", max_length=25, editable=False)
    # The database cascades (see the migration), so deleting a user needs no key to be read.
    user = models.ForeignKey(
        User,
        related_name="api_keys",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
    )
    name = models.CharField(max_length=100, blank=True, default="", db_default="")
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = ApiKeyManager()

    class Meta:
        db_table = "api_keys"
        verbose_name = "API key"
        verbose_name_plural = "API keys"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="api_keys_digest_unique"),
        ]
        indexes = [
            models.Index(fields=["user"], name="idx_api_keys_user_id"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.token_key}…"
