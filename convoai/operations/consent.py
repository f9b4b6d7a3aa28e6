"""Asking the person at the terminal before something is changed."""

from __future__ import annotations

import sys

from django.core.management.base import CommandError


def agrees(question: str) -> bool:
    """Whether the answer is yes; no answer (Ctrl-D) is none."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        sys.stdout.write("\n")
        return False


def require_consent(question: str, *, action: str) -> None:
    """Return when a person agrees; `action` is what --yes does, such as "restore".

    Raises CommandError when nobody sits there, or the answer is not yes.
    """
    if not sys.stdin.isatty():
        raise CommandError(f"Nothing was changed: add --yes to {action} without being asked.")
    if not agrees(question):
        raise CommandError("Nothing was changed.")
