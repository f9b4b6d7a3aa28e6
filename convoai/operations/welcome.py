"""What the terminal says when convoai starts: where it is, how to sign in, where the data lives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection

from convoai.storage.choice import media

DEMO_EMAIL = "test@example.com"
DEMO_PASSWORD = "testpassword"  # noqa: S105 - public, and refused outside of DEBUG


def welcome(address: str) -> list[str]:
    """Return the lines to print for a server at `address` (scheme, host and port)."""
    database = connection.settings_dict
    return [
        f"convoai is at   {address}/",
        f"admin           {address}/admin/",
        f"API             {address}/docs",
        f"sign in         {sign_in()}",
        f"single user     {single_user()}",
        f"data            {data_place(database)}",
        "stop            Ctrl-C; the bundled database stays up until `make stop`"
        if is_bundled(database)
        else "stop            Ctrl-C",
    ]


def sign_in() -> str:
    """Return how a person gets in: the demo's account while its password holds, else their own."""
    user = get_user_model().objects.filter(email=DEMO_EMAIL, is_active=True).first()
    if user is not None and user.check_password(DEMO_PASSWORD):
        return f"{DEMO_EMAIL} / {DEMO_PASSWORD}"
    if get_user_model().objects.exists():
        return "with your account (a new one: manage.py create_user EMAIL)"
    return "nobody can yet: manage.py create_user EMAIL --admin"


def single_user() -> str:
    """Return whether requests without credentials act as somebody, and how to change it."""
    if settings.SINGLE_USER:
        return (
            f"on: requests from this machine without credentials act as {settings.SINGLE_USER} "
            "(off: make run SINGLE_USER=)"
        )
    return "off: every request needs a sign-in or a key"


def is_bundled(database: Mapping[str, Any]) -> bool:
    """Say whether these database settings are those of the one that convoai starts itself."""
    return "BUNDLED_DATA_DIR" in database


def data_place(database: Mapping[str, Any]) -> str:
    """Return where people's words and pictures are kept; never a password."""
    if is_bundled(database):
        return str(settings.DATA_DIR)
    where = f"database {database['NAME']} on {database['HOST'] or 'this machine'}"
    return f"{where}; pictures in {media().where}"
