"""What the log may hold: where an exception came from and its kind, never its words."""

from __future__ import annotations

import logging
import traceback


class WithoutWords(logging.Filter):
    """Writes exceptions without their own text, which may quote a row or a transcript."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0]:
            frames = "".join(traceback.format_tb(record.exc_info[2]))
            record.exc_text = f"{frames}{record.exc_info[0].__name__}"
            record.exc_info = None
        return True
