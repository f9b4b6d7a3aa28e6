"""The table `conversations`."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, Now
from django.utils import timezone
from pgvector.django import BitField, VectorField

from conversations.models.moments import readable_times
from conversations.querysets import ConversationManager
from convoai.database.fields import ChangedAtField

EMBEDDING_DIMENSIONS = 4096


class Conversation(models.Model):
    """One talk with one partner."""

    # Foreign keys are composite, with the owner, and are SQL in migration 0002.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="conversations",
        db_constraint=False,
        db_index=False,
    )
    partner = models.ForeignKey(
        "partners.ConversationPartner",
        on_delete=models.DO_NOTHING,
        related_name="conversations",
        db_constraint=False,
        db_index=False,
    )
    title = models.CharField(max_length=500, null=True, blank=True)
    summary = models.TextField(null=True, blank=True)
    full_transcript = models.TextField(null=True, blank=True)
    is_analyzed = models.BooleanField(default=False, db_default=False)
    started_at = models.DateTimeField(default=timezone.now, db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    language = models.CharField(max_length=30, default="english", db_default="english")
    source = models.CharField(max_length=50, default="api", db_default="api")
    external_id = models.CharField(max_length=255, null=True, blank=True)
    idempotency_key = models.CharField(max_length=255, null=True, editable=False)
    idempotency_digest = models.CharField(max_length=64, null=True, editable=False)

    sentiment = models.CharField(max_length=50, null=True, blank=True)
    key_insights = models.JSONField(default=list, db_default=[], blank=True)
    suggested_topics = models.JSONField(default=list, db_default=[], blank=True)
    suggested_questions = models.JSONField(default=list, db_default=[], blank=True)
    action_items = models.JSONField(default=list, db_default=[], blank=True)
    analyzer = models.CharField(max_length=200, null=True, blank=True)
    analyzed_at = models.DateTimeField(null=True, blank=True)
    # Analyzer, version, tokens and seconds of the analysis that is stored.
    analysis_run = models.JSONField(null=True, blank=True, editable=False)
    analysis_error = models.TextField(null=True, blank=True)
    # Set while an analysis runs; a claim that is minutes old was left by a killed process.
    analysis_claimed_at = models.DateTimeField(null=True, editable=False)

    embedding = VectorField(dimensions=EMBEDDING_DIMENSIONS, null=True, editable=False)
    embedding_bits = models.GeneratedField(
        expression=Cast(
            models.Func("embedding", function="binary_quantize"),
            BitField(length=EMBEDDING_DIMENSIONS),
        ),
        output_field=BitField(length=EMBEDDING_DIMENSIONS),
        db_persist=True,
    )
    embedding_model = models.CharField(max_length=200, null=True, editable=False)
    # Written by the triggers of migration 0003 only.
    transcript_search = SearchVectorField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    updated_at = ChangedAtField(null=True, editable=False)

    topics = models.ManyToManyField(
        "conversations.Topic", through="conversations.ConversationTopic", related_name="+"
    )

    objects = ConversationManager()

    class Meta:
        db_table = "conversations"
        base_manager_name = "objects"
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name="uq_conversations_owner"),
            models.UniqueConstraint(
                fields=["user", "external_id"], name="uq_conversations_external_id"
            ),
            models.UniqueConstraint(
                fields=["user", "idempotency_key"],
                name="uq_conversations_idempotency_key",
                condition=Q(idempotency_key__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(ended_at__gte=F("started_at")), name="conversations_end_after_start"
            ),
            readable_times("conversations_readable_times", "started_at", "ended_at"),
        ]
        indexes = [
            models.Index(fields=["user", "-started_at", "-id"], name="idx_conversations_user_id"),
            models.Index(
                fields=["partner", "-started_at", "-id"], name="idx_conversations_partner_id"
            ),
            models.Index(fields=["-created_at"], name="idx_conversations_created_at"),
            GinIndex(fields=["transcript_search"], name="idx_conversations_search"),
        ]

    def __str__(self) -> str:
        return self.title or f"Conversation {self.pk}"

    def natural_key(self) -> tuple[str, str | None]:
        return (self.user.email, self.external_id)
