"""The offline analyzer: reads a talk by rules alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from convoai.analysis.offline.facts import facts_of
from convoai.analysis.offline.reading import read
from convoai.analysis.result import Analysis, Turn


class OfflineAnalyzer:
    """Turns a talk into an Analysis in time linear in its length; never raises on any text."""

    name = "offline"
    version = "1"

    def analyze(
        self, turns: Sequence[Turn], partner_name: str, user_name: str, started_at: datetime
    ) -> Analysis:
        """Analyse the turns in their order; relative times are read against `started_at`."""
        talk = read(turns, partner_name, user_name)
        if not any(turn.words for turn in talk):
            return Analysis(self.name, self.version)
        facts = facts_of(talk, started_at)
        return Analysis(self.name, self.version, facts=facts, sentiment="neutral")
