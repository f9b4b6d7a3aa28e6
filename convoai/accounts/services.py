"""Everything that writes accounts and keys."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from knox.models import get_digest_token, get_expiry
from knox.settings import CONSTANTS

from convoai.accounts.models import ApiKey, User
from convoai.accounts.validators import validate_password_text

# How often the last use of a key is written down: a busy frontend must not write at every read.
USE_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_user(
    *, email: str, password: str, username: str | None = None, is_admin: bool = False
) -> User:
    """Store a new user; an admin may use every page of the admin.

    Without a username, the part of the e-mail address before the @ is taken, with a number if
    need be. Raises ValidationError with a message for each field that cannot stand.
    """
    try:
        validate_password_text(password)
    except ValidationError as problem:
        raise ValidationError({"password": problem}) from None
    user = User(email=email.strip(), is_staff=is_admin, is_superuser=is_admin)
    user.username = free_username(email) if username is None else username.strip()
    user.set_password(password)
    user.full_clean()
    user.save()
    return user


def free_username(email: str) -> str:
    """A username that nobody has yet, made from an e-mail address."""
    stem = email.strip().split("@")[0][:140]
    taken = set(User.objects.filter(username__startswith=stem).values_list("username", flat=True))
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}{number}"
    return name


@transaction.atomic
def create_api_key(
    *, user: User, name: str = "", lifetime: timedelta | None = None
) -> tuple[ApiKey, str]:
    """A new key of this user and its plain text, which is stored nowhere.

    Without a lifetime the key is valid until it is revoked. Removes the
    user's expired keys on the way.
    """
    ApiKey.objects.filter(user=user, expiry__lte=timezone.now()).delete()
    digest, token = get_digest_token()
    key = ApiKey(
        user=user,
        name=name,
        digest=digest,
        token_key=token[: CONSTANTS.TOKEN_KEY_LENGTH],
        expiry=get_expiry(lifetime),
    )
    key.save(force_insert=True)
    return key, token


def revoke_api_key(*, key: ApiKey) -> None:
    """End this key; programs that use it are refused from now on."""
    key.delete()


def revoke_all_api_keys(*, user: User) -> int:
    """End every key of this user; returns how many there were."""
    count, _ = ApiKey.objects.owned_by(user).delete()
    return count


def note_use(*, key: ApiKey) -> None:
    """Remember that the key was used just now, at most once a minute."""
    now = timezone.now()
    if key.last_used_at and key.last_used_at > now - USE_NOTED_EVERY:
        return
    # The condition again, so that of many requests at once only one writes.
    unnoted = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
    with transaction.atomic():
        ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_at=now)
