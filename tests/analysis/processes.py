"""Commands in processes of their own, on the database of the tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from convoai.database.postmaster import wait_until as becomes_true


def environment() -> dict[str, str]:
    """This process's environment, with the tests' database as the one to use."""
    place = connection.settings_dict
    user, password = quote(place["USER"]), quote(place["PASSWORD"] or "")
    host = place["HOST"] or "localhost"
    address = f"/{host}" if host.startswith("/") else f"{host}:{place['PORT'] or 5432}"
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{user}:{password}@{address}/{place['NAME']}",
        "SECRET_KEY": settings.SECRET_KEY,
        "DEBUG": "true",
        "PYTHONUNBUFFERED": "1",
    }


def wait_until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    """Return when `condition` is true; fail when it is not within `seconds`."""
    assert becomes_true(condition, seconds=seconds), f"not true after {seconds} s"
