"""What this process knows of the replica: whether it answers, and how far it has come.

Nothing here is shared: each process looks for itself, about once a second while requests come.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from datetime import datetime
from typing import Any

import psycopg2
from django.conf import settings
from django.db import Error, connections

from convoai.database.reading import PRIMARY, REPLICA
from convoai.database.replica.positions import OF_PRIMARY, OF_REPLICA, position, why_not
from convoai.database.replica.progress import Progress

logger = logging.getLogger("convoai.database.replica")

# Seconds for which a look at both servers holds.
LOOK_EVERY = 1.0
# Seconds for which a replica that failed is left alone.
PAUSE = 5.0


class Watch:
    """The replica as one process sees it. Any thread may call it.

    `pause`: seconds for which a replica that failed is left alone.
    """

    def __init__(self, pause: float = PAUSE) -> None:
        self.pause = pause
        self.forget()

    def forget(self) -> None:
        """Know nothing, as at the start."""
        self._lock = threading.Lock()
        self.progress = Progress()
        self._look_again = 0.0
        self._is_late = False
        # Whether the log knows that it is late.
        self._is_told = False
        # Why it is not used, and when it may be tried again.
        self.why: str | None = None
        self._away_until: float | None = None

    def forget_look(self) -> None:
        """Look anew with the next request, however short ago the last look was."""
        self._look_again = 0.0

    def may_serve(self, wrote_at: datetime | None) -> bool:
        """Whether it may answer a reader who last wrote at that time, by the primary's clock.

        Writes are noted about once a second, so everything until REPLICA_STICKY seconds after the
        note must be there.
        """
        if self._away_until is not None:
            self._try_again(self._away_until)
            return False
        if time.monotonic() >= self._look_again:
            self._look()
        whole_until = self.progress.whole_until
        if self._away_until is not None or self._is_late or whole_until is None:
            return False
        return wrote_at is None or wrote_at.timestamp() + settings.REPLICA_STICKY <= whole_until

    def word(self) -> str:
        """ "ok", or a sentence saying why it is not used now."""
        if self.may_serve(None):
            return "ok"
        why = self.why or "it is behind"
        return f"The replica is not used: {why}. Reads go to the primary."

    def leave_alone(self, why: str) -> None:
        """Ask it nothing for some seconds; the log is told once, until it answers again."""
        if self.why is None:
            self.why = why
            logger.warning("The replica is not used: %s. Reads go to the primary.", why)
        self._away_until = time.monotonic() + self.pause

    def _look(self) -> None:
        """Ask both servers where they are; one thread at a time, the others go by the last look."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            primary = position(connections[PRIMARY], OF_PRIMARY)
            replica = position(connections[REPLICA], OF_REPLICA)
            reason = why_not(primary, replica)
            if reason is None:
                self.progress.note(primary, replica)
                self._judge()
            else:
                self.leave_alone(reason)
        except Error:
            self.leave_alone("the two servers do not tell how far they are")
        finally:
            self._look_again = time.monotonic() + LOOK_EVERY
            self._lock.release()

    def _judge(self) -> None:
        lag = self.progress.lag
        is_late = lag is None or lag > settings.REPLICA_MAX_LAG
        if is_late and self.progress.overdue and not self._is_told:
            behind = "some time" if lag is None else f"{lag:.0f} s"
            logger.warning("The replica is %s behind; reads go to the primary.", behind)
            self._is_told = True
        elif not is_late and (self._is_told or self.why is not None):
            logger.warning("The replica is used again.")
            self._is_told = False
        self._is_late, self.why = is_late, None

    def _try_again(self, since: float) -> None:
        """When the pause is over, see in a thread whether it answers: no request waits for that."""
        with self._lock:
            now = time.monotonic()
            if now < since or self._away_until != since:
                return
            self._away_until = now + self.pause
        parameters = connections[REPLICA].get_connection_params()
        threading.Thread(target=self._knock, args=[parameters], daemon=True).start()

    def _knock(self, parameters: dict[str, Any]) -> None:
        try:
            found = psycopg2.connect(**parameters)
            try:
                answers = position(found, OF_REPLICA).in_recovery
            finally:
                found.close()
        except psycopg2.Error:
            return
        if answers:
            # The next request looks closely.
            self._look_again = 0.0
            self._away_until = None


watch = Watch()
# A lock that a thread of the parent held would never be free.
os.register_at_fork(after_in_child=watch.forget)
