"""The table `extracted_facts`."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from conversations.models.moments import readable_times
from conversations.querysets import FactManager
from convoai.database.fields import ChangedAtField


class Origin(models.TextChoices):
    ANALYSIS = "analysis", "analysis"
    USER = "user", "user"
    IMPORT = "import", "import"


class Review(models.TextChoices):
    UNREVIEWED = "unreviewed", "unreviewed"
    NEEDS_REVIEW = "needs_review", "needs review"
    CONFIRMED = "confirmed", "confirmed"
    CORRECTED = "corrected", "corrected"
    REJECTED = "rejected", "rejected"


# What is in doubt waits for review.
UNSURE = (Review.REJECTED, Review.NEEDS_REVIEW)


class ExtractedFact(models.Model):
    """Something learned about a partner, with the words it rests on."""

    # Foreign keys are composite, with the owner, and are SQL in migration 0002.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    partner = models.ForeignKey(
        "partners.ConversationPartner",
        on_delete=models.DO_NOTHING,
        related_name="facts",
        db_constraint=False,
        db_index=False,
    )
    conversation = models.ForeignKey(
        "conversations.Conversation",
        on_delete=models.DO_NOTHING,
        related_name="facts",
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
    )
    source_message = models.ForeignKey(
        "conversations.Message",
        on_delete=models.DO_NOTHING,
        related_name="facts",
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
    )
    category = models.CharField(max_length=100)
    fact_key = models.CharField(max_length=200)
    fact_value = models.TextField()
    original_value = models.TextField(
        default="", db_default="", blank=True, help_text="what was heard, when corrected since"
    )
    confidence = models.FloatField(default=1.0, db_default=1.0, help_text="0 to 1")
    subject = models.CharField(
        max_length=255,
        default="partner",
        db_default="partner",
        help_text="'partner', 'user', or the name of a third person",
    )
    quote = models.TextField(default="", db_default="", blank=True)
    quote_start = models.PositiveIntegerField(
        null=True, blank=True, help_text="place of the quote in its message, in code points"
    )
    many_valued = models.BooleanField(default=False, db_default=False)
    is_current = models.BooleanField(default=True, db_default=True)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)
    superseded_by = models.ForeignKey(
        "self",
        on_delete=models.DO_NOTHING,
        related_name="supersedes",
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
    )
    origin = models.CharField(
        max_length=20, choices=Origin, default=Origin.ANALYSIS, db_default=Origin.ANALYSIS.value
    )
    review = models.CharField(
        max_length=20,
        choices=Review,
        default=Review.UNREVIEWED,
        db_default=Review.UNREVIEWED.value,
    )
    # Null: not pinned. The time lets a briefing be replayed as it was before.
    pinned_at = models.DateTimeField(null=True, blank=True, editable=False)
    extracted_at = models.DateTimeField(default=timezone.now, db_default=Now())
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    updated_at = ChangedAtField(null=True, editable=False)

    objects = FactManager()

    class Meta:
        db_table = "extracted_facts"
        base_manager_name = "objects"
        ordering = ["-extracted_at", "-pk"]
        verbose_name = "fact"
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name="uq_facts_owner"),
            models.UniqueConstraint(
                fields=["partner", "subject", "fact_key"],
                condition=Q(is_current=True, many_valued=False),
                name="uq_facts_one_current_value",
            ),
            models.CheckConstraint(
                condition=Q(confidence__range=(0.0, 1.0)), name="facts_confidence"
            ),
            models.CheckConstraint(
                condition=Q(origin__in=[origin.value for origin in Origin]), name="facts_origin"
            ),
            models.CheckConstraint(
                condition=Q(review__in=[review.value for review in Review]), name="facts_review"
            ),
            readable_times("facts_readable_times", "valid_from", "valid_to", "extracted_at"),
        ]
        indexes = [
            models.Index(
                fields=["partner", "is_current", "-confidence", "-extracted_at"],
                name="idx_facts_partner_id",
            ),
            models.Index(fields=["conversation"], name="idx_facts_conversation_id"),
            models.Index(fields=["user", "-extracted_at", "-id"], name="idx_facts_user_id"),
            models.Index(fields=["source_message"], name="idx_facts_source_message_id"),
            models.Index(fields=["superseded_by"], name="idx_facts_superseded_by"),
        ]

    def __str__(self) -> str:
        return f"{self.fact_key}: {self.fact_value}"

    def natural_key(self) -> tuple[str, str | None, str, str]:
        external_id = self.conversation.external_id if self.conversation else None
        return (self.user.email, external_id, self.fact_key, self.fact_value)
