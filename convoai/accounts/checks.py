"""What must not be on when others can reach the server. Each finding is one sentence with the
change that mends it; `manage.py` refuses to start while there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connection

from convoai.accounts.models import User

DEMO_EMAIL = "test@example.com"
DEMO_PASSWORD = "testpassword"  # noqa: S105 - known to everybody, which is what is checked
LOOPBACK_NAMES = {"localhost", ".localhost", "127.0.0.1", "[::1]", "::1"}
KEY_LENGTH, KEY_VARIETY = 50, 5


@register(Tags.security)
def check_single_user(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.SINGLE_USER or settings.DEBUG or settings.SINGLE_USER_CONFIRMED:
        return []
    return [
        Error(
            "SINGLE_USER lets anyone on this machine act as that user without signing in, "
            "and DEBUG is off, so this looks like a server for others.",
            hint="Unset SINGLE_USER, or set SINGLE_USER_CONFIRMED=true if it is really wanted.",
            id="accounts.E001",
        )
    ]


@register(Tags.database, Tags.security)
def check_demo_password(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    if not databases or settings.DEBUG or not demo_password_works():
        return []
    return [
        Error(
            f"{DEMO_EMAIL} can still sign in with the demo's password, which everybody knows, "
            "and DEBUG is off.",
            hint=f"Run `manage.py changepassword {DEMO_EMAIL}`, or delete that user.",
            id="accounts.E002",
        )
    ]


@register(Tags.security)
def check_debug(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEBUG or set(settings.ALLOWED_HOSTS) <= LOOPBACK_NAMES:
        return []
    return [
        Error(
            "DEBUG is on while ALLOWED_HOSTS names more than this machine; "
            "its error pages would show people's data to others.",
            hint="Set DEBUG=false, or leave ALLOWED_HOSTS at localhost and 127.0.0.1.",
            id="accounts.E003",
        )
    ]


@register(Tags.security)
def check_secret_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    key = settings.SECRET_KEY
    strong = (
        len(key) >= KEY_LENGTH
        and len(set(key)) >= KEY_VARIETY
        and not key.startswith("django-insecure-")
    )
    if settings.DEBUG or strong:
        return []
    return [
        Error(
            f"SECRET_KEY is weak: it has fewer than {KEY_LENGTH} characters, too few different "
            "ones, or is Django's example, so that sessions could be forged.",
            hint="Unset SECRET_KEY to have one made and kept in DATA_DIR, or set a random one.",
            id="accounts.E004",
        )
    ]


@register(Tags.security)
def check_hosts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG or "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "ALLOWED_HOSTS=* answers to any name, so that a foreign page can pose as this server.",
            hint="Set ALLOWED_HOSTS to the names that people open, such as talks.example.org.",
            id="accounts.E005",
        )
    ]


def demo_password_works() -> bool:
    """Whether the demo user can sign in with the password that stands in the README.

    False as well when there is no users table yet; lets no database error through.
    """
    try:
        if User._meta.db_table not in connection.introspection.table_names():
            return False
        user = User.objects.filter(email=DEMO_EMAIL, is_active=True).only("password").first()
    except DatabaseError:
        return False
    return user is not None and check_password(DEMO_PASSWORD, user.password)
