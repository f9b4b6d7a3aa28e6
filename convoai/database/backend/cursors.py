"""Cursors that note how long their statements took, for `convoai.database.statement_times`.

Here and not in an `execute_wrapper`, which does not see COPY.
"""

from __future__ import annotations

import time
from typing import Any

from django.db.backends.utils import CursorDebugWrapper, CursorWrapper

from convoai.database.folding import LONGEST_READ
from convoai.database.statement_times import note


class Timed(CursorWrapper):
    """Times what passes; a statement that fails or runs into its limit took its time, too."""

    def execute(self, sql: Any, params: Any = None) -> Any:
        started = time.perf_counter()
        try:
            return super().execute(sql, params)
        finally:
            note(self._text(sql), time.perf_counter() - started)

    def executemany(self, sql: Any, param_list: Any) -> Any:
        started = time.perf_counter()
        try:
            return super().executemany(sql, param_list)
        finally:
            note(self._text(sql), time.perf_counter() - started)

    def copy_expert(self, sql: Any, *arguments: Any, **options: Any) -> Any:
        """COPY, which belongs to the driver; with it, the time of whoever makes or takes rows."""
        started = time.perf_counter()
        try:
            # Through the parent, which turns the driver's errors into Django's.
            return self.__getattr__("copy_expert")(sql, *arguments, **options)
        finally:
            note(self._text(sql), time.perf_counter() - started)

    def _text(self, sql: Any) -> str:
        if isinstance(sql, str):
            return sql
        if isinstance(sql, bytes):
            return sql[:LONGEST_READ].decode(errors="replace")
        return str(sql.as_string(self.cursor))


class TimedDebug(Timed, CursorDebugWrapper):
    """The same where Django keeps the texts of all queries (DEBUG, tests)."""
