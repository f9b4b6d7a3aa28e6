"""Deletions that are none: the ledger of erasures does not record them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Read by the trigger that fills the ledger; empty or missing: record.
SETTING = "convoai.erasures"


@contextmanager
def unrecorded_deletes() -> Iterator[None]:
    """Inside a transaction: rows deleted here are replaced or moved, and may be restored."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, 'off', true)", [SETTING])
        yield
        # After an error the setting ends with the transaction or the savepoint.
        cursor.execute("SELECT set_config(%s, '', true)", [SETTING])
