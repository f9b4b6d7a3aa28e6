"""Ctrl-C during a long command: the piece at hand is finished first."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Self


class Interruption:
    """Ctrl-C while it is entered: the first one is only noted, the next one interrupts as ever."""

    is_asked = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.is_asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
