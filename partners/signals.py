"""Pictures go with their rows, whichever way Django deletes them.

Only files are touched here, and only once the deletion is safe. What raw SQL or a crash leaves
behind is found by `manage.py sweep_images`.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from convoai.accounts.models import User
from partners.images import remove_image, remove_images_of
from partners.models import ConversationPartner


@receiver(post_delete, sender=ConversationPartner)
def forget_picture(instance: ConversationPartner, **kwargs: Any) -> None:
    path = instance.image_path
    if path:
        transaction.on_commit(lambda: remove_image(path))


@receiver(post_delete, sender=User)
def forget_pictures(instance: User, **kwargs: Any) -> None:
    """The database cascades from a user to partners, so no partner tells of its picture."""
    user_id = instance.pk
    transaction.on_commit(lambda: remove_images_of(user_id))
