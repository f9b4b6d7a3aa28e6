"""How much of the primary's past a replica holds, told in the primary's own time.

Clocks of two machines are never compared. At some moments the primary is asked how far its log
has come; once the replica has replayed that far, it holds all that was committed until then. So
an idle primary is no lag, and a replica that receives nothing any more is behind as soon as the
primary goes on.
"""

from __future__ import annotations

from collections import deque

from convoai.database.replica.positions import Position

# Looks at the primary that are kept: about a minute of them.
KEPT = 64


class Progress:
    """`whole_until`: seconds since 1970 until which the replica is known to hold everything."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        # Where the primary was, and when, that the replica has not reached yet.
        self._ahead: deque[tuple[int, float]] = deque(maxlen=KEPT)
        self._reached = 0
        self._now: float | None = None
        self.whole_until: float | None = None

    def note(self, primary: Position, replica: Position) -> None:
        """Take in where both are; the primary was asked first."""
        if primary.at is None or primary.time is None or replica.at is None:
            return
        if replica.at < self._reached:
            # Another replica, or this one made anew from an older backup.
            self._forget()
        self._now, self._reached = primary.time, replica.at
        self._ahead.append((primary.at, primary.time))
        known = [self.whole_until] if self.whole_until is not None else []
        while self._ahead and self._ahead[0][0] <= replica.at:
            known.append(self._ahead.popleft()[1])
        if self._ahead and replica.time is not None:
            # It is behind, perhaps since before we looked: the last commit that it has tells.
            known.append(replica.time)
        self.whole_until = max(known, default=None)

    @property
    def lag(self) -> float | None:
        """Seconds that the replica was behind at the last look; None when that is not known."""
        if self._now is None or self.whole_until is None:
            return None
        return max(0.0, self._now - self.whole_until)

    @property
    def overdue(self) -> float:
        """Seconds for which it has surely lacked something; `lag` may be the primary's idleness.

        0 when only the newest look is ahead of it: that may be a matter of milliseconds.
        """
        if self._now is None or not self._ahead:
            return 0.0
        return max(0.0, self._now - self._ahead[0][1])
