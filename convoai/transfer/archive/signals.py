"""Archives that wait to be fetched go with their user."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from convoai.accounts.models import User
from convoai.transfer.archive.background import remove_archives_of


@receiver(post_delete, sender=User)
def forget_archives(instance: User, **kwargs: Any) -> None:
    user_id = instance.pk
    transaction.on_commit(lambda: remove_archives_of(user_id))
