"""Environment variables as values: empty means not set, and what makes no sense is refused.

Every function takes django-environ's `Env`, the name of the variable and what holds without it,
and raises ImproperlyConfigured with one sentence that names the variable and what it takes.
"""

from __future__ import annotations

import environ
from django.core.exceptions import ImproperlyConfigured


def text(env: environ.Env, name: str, *, default: str = "") -> str:
    """The variable as it is, without space around it."""
    value: str = env.str(name, default="").strip()
    return value or default


def words(env: environ.Env, name: str, *, default: list[str]) -> list[str]:
    """The parts of a comma list."""
    parts = [part.strip() for part in text(env, name).split(",")]
    return [part for part in parts if part] or default


def number(env: environ.Env, name: str, *, default: int, least: int) -> int:
    """A whole number, `least` or more."""
    given = text(env, name)
    try:
        value = int(given) if given else default
    except ValueError:
        value = least - 1
    if value < least:
        raise ImproperlyConfigured(f"{name} is {given!r}, but must be a whole number from {least}.")
    return value


def seconds_of(env: environ.Env, name: str, *, default: float) -> float:
    """A number of seconds."""
    given = text(env, name)
    try:
        seconds = float(given) if given else default
    except ValueError:
        seconds = -1.0
    # The server keeps milliseconds in 31 bits; the comparison also refuses NaN.
    if not 0 <= seconds <= 2_000_000:
        raise ImproperlyConfigured(
            f"{name} is {given!r}, but must be a number of seconds from 0 to 2000000."
        )
    return seconds


def flag(env: environ.Env, name: str, *, default: bool) -> bool:
    """true or false."""
    given = text(env, name).lower()
    if given in {"1", "true", "yes", "on"}:
        return True
    if given in {"0", "false", "no", "off"}:
        return False
    if not given:
        return default
    raise ImproperlyConfigured(f"{name} is {given!r}, but must be true or false.")
