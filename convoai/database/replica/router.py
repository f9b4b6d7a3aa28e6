"""Django's question "which database?", answered per request for reads of people's data."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Model

from convoai.database.reading import PRIMARY, REPLICA, reading_alias


class ReplicaRouter:
    """Reads of the apps in REPLICA_APPS go where the request reads; all else to the primary.

    Users, keys, sessions, lock-out, permissions and jobs are none of these: what ends there ends at
    once.
    """

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return reading_alias() if model._meta.app_label in settings.REPLICA_APPS else PRIMARY

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return PRIMARY

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        """A row of the replica is the same row as the primary's."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == REPLICA else None
