"""The table `messages`."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from pgvector.django import HalfVectorField

from conversations.models.moments import readable_times
from conversations.querysets import MessageManager


class Sender(models.TextChoices):
    USER = "user", "user"
    PARTNER = "partner", "partner"


class Message(models.Model):
    """What one speaker said in one turn."""

    # The foreign key (user, conversation) is SQL in migration 0002.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    conversation = models.ForeignKey(
        "conversations.Conversation",
        on_delete=models.DO_NOTHING,
        related_name="messages",
        db_constraint=False,
        db_index=False,
    )
    position = models.PositiveIntegerField(help_text="0 for the first message of the talk")
    sender = models.CharField(max_length=20, choices=Sender)
    speaker = models.CharField(
        max_length=255, default="", db_default="", blank=True, help_text="name as transcribed"
    )
    content = models.TextField()
    timestamp = models.DateTimeField(default=timezone.now, db_default=Now())
    # Written by the trigger of migration 0007 only: the words of the first 100,000 characters
    # and the owner, and the words beyond them.
    search = SearchVectorField(null=True, editable=False)
    search_rest = ArrayField(models.TextField(), null=True, editable=False)
    # In the dimensions of its model, so that the vector stays in the row. Null with a model: the
    # message has no word that the model knows.
    embedding = HalfVectorField(null=True, editable=False)
    embedding_model = models.CharField(max_length=200, null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    objects = MessageManager()

    class Meta:
        db_table = "messages"
        base_manager_name = "objects"
        ordering = ["conversation", "position"]
        constraints = [
            # Also the index behind every reading of a talk.
            models.UniqueConstraint(
                fields=["conversation", "position"], name="idx_messages_conversation_id"
            ),
            models.UniqueConstraint(fields=["user", "id"], name="uq_messages_owner"),
            models.CheckConstraint(
                condition=Q(sender__in=[sender.value for sender in Sender]),
                name="messages_known_sender",
            ),
            readable_times("messages_readable_times", "timestamp"),
        ]
        indexes = [
            GinIndex(fields=["search"], name="idx_messages_search"),
            GinIndex(
                fields=["search_rest"],
                name="idx_messages_search_rest",
                condition=Q(search_rest__isnull=False),
            ),
            # Counts and finds what today's model has not embedded.
            models.Index(fields=["user", "embedding_model"], name="idx_messages_embedding_model"),
        ]

    def __str__(self) -> str:
        return f"{self.speaker or self.sender}: {self.content[:60]}"

    def natural_key(self) -> tuple[str, str | None, int]:
        return (self.user.email, self.conversation.external_id, self.position)
