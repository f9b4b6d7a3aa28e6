"""The table `conversation_partners`."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Cast, Now
from django.utils import timezone
from pgvector.django import BitField, HnswIndex, VectorField

from convoai.database.fields import ChangedAtField
from partners.querysets import PartnerManager

EMBEDDING_DIMENSIONS = 4096


class ConversationPartner(models.Model):
    """A person that a user talks with."""

    # The foreign key itself, with its ON DELETE, is SQL in migration 0002.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="partners",
        db_constraint=False,
        db_index=False,
    )
    name = models.CharField(max_length=255)
    email = models.CharField(max_length=255, null=True, blank=True)
    phone = models.CharField(max_length=100, null=True, blank=True)
    notes = models.TextField(null=True, blank=True)
    relationship = models.CharField(max_length=255, null=True, blank=True)
    image_url = models.CharField(max_length=2000, null=True, blank=True)
    image_path = models.CharField(max_length=500, null=True, blank=True)
    image_embedding = VectorField(dimensions=EMBEDDING_DIMENSIONS, null=True, editable=False)
    image_embedding_bits = models.GeneratedField(
        expression=Cast(
            models.Func("image_embedding", function="binary_quantize"),
            BitField(length=EMBEDDING_DIMENSIONS),
        ),
        output_field=BitField(length=EMBEDDING_DIMENSIONS),
        db_persist=True,
    )
    image_embedding_model = models.CharField(max_length=200, null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    updated_at = ChangedAtField(null=True, editable=False)

    objects = PartnerManager()

    class Meta:
        db_table = "conversation_partners"
        base_manager_name = "objects"
        ordering = ["pk"]
        verbose_name = "partner"
        constraints = [
            # Serves the list of one user, and is what the foreign keys of children point at.
            models.UniqueConstraint(fields=["user", "id"], name="idx_partners_user_id"),
        ]
        indexes = [
            # Everybody's faces at once. Never for one owner's: see partners/faces.py.
            HnswIndex(
                fields=["image_embedding_bits"],
                name="idx_partners_face_bits",
                m=16,
                ef_construction=64,
                opclasses=["bit_hamming_ops"],
            ),
            # Which models an owner's faces are from.
            models.Index(
                fields=["user", "image_embedding_model"],
                name="idx_partners_face_model",
                condition=models.Q(image_embedding_bits__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str, str]:
        return (self.user.email, self.name)
