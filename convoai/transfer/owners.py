"""The user that a command works for."""

from __future__ import annotations

from django.core.management.base import CommandError

from convoai.accounts.models import User


def owner_of(email: str) -> User:
    """The user of this email address. Raises CommandError with what to do when there is none."""
    try:
        return User.objects.get_by_natural_key(email)
    except User.DoesNotExist:
        raise CommandError(
            f"There is no user {email}; create one with `manage.py create_user {email}`."
        ) from None
