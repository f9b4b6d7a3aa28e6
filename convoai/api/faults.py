"""What a database error means to a client: status, word, sentence, and whether to try again."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from django.db import Error as DatabaseFault

from convoai.database.transactions import is_lost, sqlstate


@dataclass(frozen=True)
class Fault:
    status: int
    code: str
    detail: str
    retry_after: int | None = None


UNAVAILABLE = Fault(
    503, "database_unavailable", "The database is not available right now; try again.", 2
)
BUSY = Fault(503, "busy", "Too many changes at once; try again.", 1)
BAD_VALUE = Fault(422, "bad_value", "A value cannot be stored.")
TOO_COMPLEX = Fault(422, "too_complex", "The request is too large or too deep to be worked on.")
STORAGE_FULL = Fault(507, "storage_full", "The disk is full; nothing was stored.")
# Also for files, such as those that a large upload is kept in meanwhile.
NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
# Django's word for a row that was deleted between reading and saving it.
GONE = Fault(404, "not_found", "This was deleted meanwhile.")
REFUSED = Fault(422, "refused", "A value breaks a rule of the data.")

# By SQLSTATE, exact codes before their class (the first two characters).
# https://www.postgresql.org/docs/current/errcodes-appendix.html
FAULTS = {
    "23505": Fault(409, "conflict", "Another row already has this value."),
    "23503": Fault(404, "not_found", "Something that this refers to is gone."),
    "23514": REFUSED,
    "23502": REFUSED,
    "40P01": BUSY,
    "40001": BUSY,
    "55P03": Fault(409, "locked", "Another change is being made to this; try again.", 1),
    "57014": Fault(503, "timeout", "This took too long and was stopped; try again.", 5),
    "25P03": UNAVAILABLE,
    "53100": STORAGE_FULL,
    "22": BAD_VALUE,
    "54": TOO_COMPLEX,
    "53": UNAVAILABLE,
    "57": UNAVAILABLE,
    "08": UNAVAILABLE,
}


def fault_of(error: BaseException) -> Fault | None:
    """The meaning of a database error; None for any other error, and for an unknown one."""
    if isinstance(error, RecursionError):
        return TOO_COMPLEX
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return STORAGE_FULL
    # The driver's own words for text that it cannot even send.
    if isinstance(error, UnicodeEncodeError) or "NUL (0x00)" in str(error):
        return BAD_VALUE
    if not isinstance(error, DatabaseFault):
        return None
    if "did not affect any rows" in str(error):
        return GONE
    state = sqlstate(error)
    if state:
        return FAULTS.get(state) or FAULTS.get(state[:2])
    # Refused, lost and exhausted connections carry no SQLSTATE.
    return UNAVAILABLE if is_lost(error) else None
