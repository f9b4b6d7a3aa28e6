"""The driver convoai is built on, and the one that must not be there."""

from __future__ import annotations

import importlib.util

PSYCOPG3_SENTENCE = (
    "psycopg (version 3) is installed beside psycopg2, and Django would silently use it: run "
    "`pip uninstall psycopg psycopg-binary psycopg-pool`."
)


def psycopg3_is_importable() -> bool:
    """Whether `import psycopg` would work; it is not imported."""
    return importlib.util.find_spec("psycopg") is not None
