"""Password hashes of the older backend."""

from __future__ import annotations

import re

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password

BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
# One comparison takes 2^cost rounds: at 16 already some seconds of a worker's time.
LEAST_COST, GREATEST_COST = 4, 16
OURS = re.compile(r"(argon2\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[^$]+\$[^$]+|bcrypt\$.{60})")
# What the older backend wrote for users that it made by itself.
PLACEHOLDER = "auto-generated"


def import_hash(text: str | None) -> str | None:
    """The hash as Django stores it, or None when nothing can be verified against it."""
    text = text or ""
    if OURS.fullmatch(text) and not text.startswith("bcrypt$"):
        return text
    found = BCRYPT.fullmatch(text.removeprefix("bcrypt$"))
    if found and LEAST_COST <= int(found[1]) <= GREATEST_COST:
        return f"bcrypt${found[0]}"
    return None


def unusable() -> str:
    """A password that nobody can have."""
    return make_password(None)


def is_unusable(stored: str) -> bool:
    return stored.startswith(UNUSABLE_PASSWORD_PREFIX)


def export_hash(stored: str) -> str:
    """What to write into a file of the older backend: bcrypt as it came, or its placeholder.

    Hashes made since are kept as they are: the older backend cannot verify them, but a later
    import can.
    """
    return PLACEHOLDER if is_unusable(stored) else stored.removeprefix("bcrypt$")
