"""Answers that this process gave before, kept for as long as what they rest on is the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

MOST_ANSWERS = 128
LONGEST_ANSWER = 256 * 1024


class Remembered:
    """Answers by what was asked, each with the version it was made from.

    Nothing depends on it: whoever asks brings the version as it is now, and an answer of another
    version is made anew. So several processes need not know of each other.
    """

    def __init__(self, most: int = MOST_ANSWERS) -> None:
        self._most = most
        self._lock = Lock()
        self._answers: OrderedDict[Hashable, tuple[str, bytes]] = OrderedDict()

    def answer(self, asked: Hashable, version: str, make: Callable[[], bytes]) -> bytes:
        """The answer of this version; `make` is called, without a lock, when there is none."""
        with self._lock:
            known = self._answers.get(asked)
            if known and known[0] == version:
                self._answers.move_to_end(asked)
                return known[1]
        made = make()
        if len(made) <= LONGEST_ANSWER:
            with self._lock:
                self._answers[asked] = (version, made)
                self._answers.move_to_end(asked)
                if len(self._answers) > self._most:
                    self._answers.popitem(last=False)
        return made

    def __len__(self) -> int:
        return len(self._answers)
