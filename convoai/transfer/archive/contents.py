"""What an archive holds: which tables, which of their columns, and what stays out and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import QuerySet

from conversations.models import (
    Conversation,
    ConversationTopic,
    ExtractedFact,
    Message,
    Topic,
)
from convoai.accounts.models import User
from partners.models import ConversationPartner

FORMAT = "convoai-archive"
SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
PICTURES = "pictures"
PAGES = "pages"

OWNER = "the owner is whoever takes the archive in"
SEARCH = "written by the database"
REQUESTS = "belongs to requests on the old installation"


@dataclass(frozen=True)
class Table:
    """One table of an archive: its file is `data/<name>.jsonl`.

    `left_out` maps columns to the reason why they are not in it.
    """

    name: str
    model: type[models.Model]
    left_out: dict[str, str]

    @property
    def path(self) -> str:
        return f"data/{self.name}.jsonl"

    def fields(self) -> list[models.Field[Any, Any]]:
        """The columns that the archive holds, in the order of the model."""
        return [
            field
            for field in self.model._meta.concrete_fields
            if field.attname not in self.left_out and not field.generated
        ]

    def rows_of(self, user: User) -> QuerySet[Any, Any]:
        """The user's rows of this table, by id."""
        manager = self.model._default_manager
        if self.model is User:
            return manager.filter(pk=user.pk)
        if self.model is Topic:
            linked = ConversationTopic.objects.filter(user=user).values("topic_id")
            return manager.filter(pk__in=linked).order_by("pk")
        return manager.filter(user_id=user.pk).order_by("pk")


# In the order in which rows are taken in: what is pointed at comes first.
TABLES = (
    Table(
        "user",
        User,
        {
            "password": "a secret",
            "is_active": "a right on the old installation",
            "is_staff": "a right on the old installation",
            "is_superuser": "a right on the old installation",
            "last_login": REQUESTS,
            "wrote_at": REQUESTS,
        },
    ),
    Table(
        "partners",
        ConversationPartner,
        {"user_id": OWNER, "image_path": "the picture itself is in the archive"},
    ),
    Table("topics", Topic, {"name_key": "follows from the name"}),
    Table(
        "conversations",
        Conversation,
        {
            "user_id": OWNER,
            "transcript_search": SEARCH,
            "idempotency_key": REQUESTS,
            "idempotency_digest": REQUESTS,
            "analysis_claimed_at": "only while an analysis runs",
        },
    ),
    Table("messages", Message, {"user_id": OWNER, "search": SEARCH, "search_rest": SEARCH}),
    Table(
        "conversation_topics",
        ConversationTopic,
        {"user_id": OWNER, "id": "conversation and topic name the row"},
    ),
    Table("facts", ExtractedFact, {"user_id": OWNER}),
)

# Models that no archive holds. A test fails on a model that is neither here nor in TABLES.
LEFT_OUT_MODELS = {
    "accounts.ApiKey": "a secret",
    "accounts.User_groups": "rights on the installation",
    "accounts.User_user_permissions": "rights on the installation",
    "auth.Group_permissions": "rights on the installation",
    "admin.LogEntry": "what staff did, which belongs to the installation",
    "auth.Group": "rights on the installation",
    "auth.Permission": "rights on the installation",
    "axes.AccessAttempt": "guards the installation's sign-in",
    "axes.AccessAttemptExpiration": "guards the installation's sign-in",
    "axes.AccessFailureLog": "guards the installation's sign-in",
    "axes.AccessLog": "guards the installation's sign-in",
    "contenttypes.ContentType": "made anew by every installation",
    "django_q.OrmQ": "work that waits on this installation; numbers only",
    "django_q.Schedule": "work of this installation",
    "django_q.Task": "results of jobs; numbers only",
    "operations.StatementTimes": "how long statements took on this installation",
    "sessions.Session": "a secret",
}
