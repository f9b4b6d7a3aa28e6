"""The tables `topics` and `conversation_topics`."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from conversations.querysets import ConversationTopicManager, TopicManager
from convoai.database.fields import CasefoldKeyField


class Topic(models.Model):
    """A subject of talks; shared by all users, who each see those of their own talks only."""

    name = models.CharField(max_length=200)
    name_key = CasefoldKeyField(max_length=600, source="name")
    category = models.CharField(max_length=100, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    objects = TopicManager()

    class Meta:
        db_table = "topics"
        ordering = ["name_key"]
        constraints = [
            models.UniqueConstraint(fields=["name_key"], name="uq_topics_name_key"),
            models.CheckConstraint(condition=~Q(name_key=""), name="topics_named"),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.name,)


class ConversationTopic(models.Model):
    """That a talk was about a topic, and how much (1 to 10)."""

    # Foreign keys are SQL in migration 0002.
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
        related_name="conversation_topics",
        db_constraint=False,
        db_index=False,
    )
    topic = models.ForeignKey(
        Topic,
        on_delete=models.DO_NOTHING,
        related_name="conversation_topics",
        db_constraint=False,
        db_index=False,
    )
    relevance_score = models.PositiveSmallIntegerField(
        default=5, db_default=5, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    objects = ConversationTopicManager()

    class Meta:
        db_table = "conversation_topics"
        ordering = ["conversation", "-relevance_score", "pk"]
        verbose_name = "topic of a conversation"
        verbose_name_plural = "topics of conversations"
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "topic"], name="uq_conversation_topics_pair"
            ),
            models.CheckConstraint(
                condition=Q(relevance_score__range=(1, 10)), name="conversation_topics_relevance"
            ),
        ]
        indexes = [
            models.Index(fields=["topic"], name="idx_conversation_topics_topic"),
            models.Index(fields=["user", "topic"], name="idx_conversation_topics_user"),
        ]

    def __str__(self) -> str:
        return f"{self.topic_id} in conversation {self.conversation_id}"

    def natural_key(self) -> tuple[str, str | None, str]:
        return (self.user.email, self.conversation.external_id, self.topic.name)
