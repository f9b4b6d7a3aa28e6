"""Being stopped by the system: what was begun is cleaned up, as with Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def cleaned_up_when_stopped() -> Iterator[None]:
    """SIGTERM, which systemd sends, ends the block by SystemExit instead of ending the process.

    So no copy of the database and no picture is left lying about. A second SIGTERM is not heard.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # whose process has signal handlers of its own
        return
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(128 + number)
