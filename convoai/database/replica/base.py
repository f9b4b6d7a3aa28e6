"""The backend of the replica: the pooled one, which tells the request and the watch of trouble."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from django.db.utils import DatabaseErrorWrapper
from django.utils.functional import cached_property

from convoai.database.backend.base import DatabaseWrapper as PooledWrapper
from convoai.database.reading import current_reading
from convoai.database.replica.trouble import Trouble, trouble_of
from convoai.database.replica.watch import watch


class TellingErrors(DatabaseErrorWrapper):
    """Django's translation of the driver's errors; those that are the replica's own are noted."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        trouble = None if error is None else trouble_of(error)
        if trouble is not None:
            if trouble is Trouble.GONE:
                watch.leave_alone("it does not answer")
            reading = current_reading()
            if reading is not None:
                reading.note_failure()
        super().__exit__(kind, error, trace)


class DatabaseWrapper(PooledWrapper):
    @cached_property
    def wrap_database_errors(self) -> Any:
        return TellingErrors(self)
