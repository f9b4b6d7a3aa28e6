"""The short transaction: lock, follow the last changes, exchange; given up when it takes long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg2

from convoai.operations.partitions import noting, state
from convoai.operations.partitions.building import Blueprint
from convoai.operations.partitions.comparing import same
from convoai.operations.partitions.copying import follow
from convoai.operations.partitions.names import TABLES
from convoai.operations.partitions.session import transaction
from convoai.operations.partitions.swapping import prepare, swap

# Seconds: the locks are waited for that long at most, and all others wait as long; together with
# what the exchange itself may take, nobody waits longer than TOGETHER.
LOCKING, TOGETHER = 0.1, 0.3
# So many changes can be followed within that time.
FOLLOWED = 400
LOCKED = (*TABLES, "conversation_topics", "extracted_facts")


class TooLong(psycopg2.errors.QueryCanceled):
    """The exchange was not over in time, and is undone."""

    pgcode = "57014"


def exchange(found: Any, blueprint: Blueprint, *, check: Callable[[], None]) -> float:
    """Exchange the tables or leave all as it was; returns for how many seconds others waited.

    `check` is called when nobody can change the tables any more, and raises Refusal when they are
    no longer what the new ones were made after. Raises psycopg2.Error of a lock, a timeout or a
    key when others are in the way.
    """
    with transaction(found) as cursor:
        cursor.execute("SET LOCAL jit = off")
        prepare(cursor, blueprint)
        # What came while the triggers were made, so that little is left under the lock.
        before = follow(cursor, blueprint, FOLLOWED)
        cursor.execute(f"SET LOCAL statement_timeout = '{LOCKING:g}s'")
        began = time.monotonic()
        # ONLY: nobody reaches a partition but through its table.
        cursor.execute(
            f"LOCK TABLE {', '.join(f'ONLY {name}' for name in LOCKED)} IN ACCESS EXCLUSIVE MODE"
        )
        _limit(cursor, began)
        check()
        last = follow(cursor, blueprint, FOLLOWED)
        talks, messages = (sorted({*one, *other}) for one, other in zip(before, last, strict=True))
        if noting.pending(cursor) or not same(cursor, blueprint, talks, messages):
            raise TooLong
        # Checks at the end of the transaction would come after the exchange.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        _limit(cursor, began)
        swap(cursor, blueprint)
        state.set_phase(cursor, "swapped")
        _limit(cursor, began)
    return time.monotonic() - began


def _limit(cursor: Any, began: float) -> None:
    left = TOGETHER - (time.monotonic() - began)
    if left <= 0:
        raise TooLong
    cursor.execute(f"SET LOCAL statement_timeout = '{left:.3f}s'")
