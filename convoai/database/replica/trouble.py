"""Which errors are the replica's own, so that the primary would answer."""

from __future__ import annotations

from enum import Enum

from convoai.database.problems import PoolExhausted
from convoai.database.transactions import is_lost, sqlstate


class Trouble(Enum):
    # It cannot be reached, or stops: it is left alone for a while.
    GONE = "gone"
    # It lives, and could not do this: the next request may ask it again.
    PASSING = "passing"


# By SQLSTATE, exact codes before their class.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
TROUBLES = {
    # A query that stood in the way of what the primary has changed (a conflict with recovery).
    "40001": Trouble.PASSING,
    "40P01": Trouble.PASSING,
    # A write: a mistake of ours, which must not become the user's.
    "25006": Trouble.PASSING,
    # A table or column that a migration has just made, or a right just granted.
    "42": Trouble.PASSING,
    # No connection left, no memory, no disk; and its limit of time is the primary's own.
    "53": Trouble.PASSING,
    "57P": Trouble.GONE,
    "08": Trouble.GONE,
    "58": Trouble.GONE,
    "XX": Trouble.GONE,
}


def trouble_of(error: BaseException) -> Trouble | None:
    """What an error of the replica's connection means; None when the primary would say the same."""
    if isinstance(error, PoolExhausted):
        return Trouble.PASSING
    state = sqlstate(error)
    if state is not None:
        return TROUBLES.get(state) or TROUBLES.get(state[:3]) or TROUBLES.get(state[:2])
    return Trouble.GONE if is_lost(error) else None
