"""The layout of the databases that tests run on: as migrations leave it, or partitioned.

`TEST_LAYOUT=partitioned` (see `make test-partitioned`) is honoured here alone: the product knows
nothing of it.
"""

from __future__ import annotations

import os

import pytest
from django.db import connection, transaction

from convoai.database.erasures import SETTING
from convoai.operations.partitions.direct import partition_at_once
from convoai.operations.partitions.layouts import is_partitioned

VARIABLE = "TEST_LAYOUT"
PLAIN, PARTITIONED = LAYOUTS = ("plain", "partitioned")

# Talks of the last two years, so that these get partitions as in a database that is in use.
YEARS_OF_TALKS = """
WITH person AS (
    INSERT INTO users (email, username, hashed_password, is_superuser)
    VALUES ('years@example.org', 'talked for years', '!', false) RETURNING id
), partner AS (
    INSERT INTO conversation_partners (user_id, name) SELECT id, 'Dana' FROM person
    RETURNING id, user_id
)
INSERT INTO conversations (user_id, partner_id, created_at)
SELECT user_id, id, now() - age * interval '1 year' FROM partner, generate_series(1, 2) AS age
"""


def wanted_layout() -> str:
    """What TEST_LAYOUT says, `plain` when it says nothing."""
    wanted = os.environ.get(VARIABLE) or PLAIN
    if wanted not in LAYOUTS:
        raise pytest.UsageError(f"{VARIABLE} must be one of {', '.join(LAYOUTS)}")
    return wanted


def is_wanted_partitioned() -> bool:
    return wanted_layout() == PARTITIONED


def give_wanted_layout() -> None:
    """Bring a database that was just migrated into the layout that tests want."""
    if not is_wanted_partitioned():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        if not is_partitioned(cursor):
            cursor.execute(YEARS_OF_TALKS)
            partition_at_once(cursor)
            # The ledger of deletions shall know of nobody.
            cursor.execute("SELECT set_config(%s, 'off', true)", [SETTING])
            cursor.execute("DELETE FROM users WHERE username = 'talked for years'")
