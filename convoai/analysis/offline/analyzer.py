"""The offline analyzer: reads a talk by rules alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from convoai.analysis.offline.actions import actions_of
from convoai.analysis.offline.facts import facts_of
from convoai.analysis.offline.reading import read
from convoai.analysis.offline.sentiment import sentiment_of
from convoai.analysis.offline.suggestions import insights_of, next_topics_of, questions_of
from convoai.analysis.offline.summary import summary_of
from convoai.analysis.offline.topics import topics_of
from convoai.analysis.result import Analysis, Sender, Turn


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
        names: dict[Sender, str] = {"partner": partner_name, "user": user_name}
        facts = facts_of(talk, started_at)
        topics = topics_of(talk)
        return Analysis(
            analyzer=self.name,
            version=self.version,
            summary=summary_of(topics, facts, names),
            topics=topics,
            facts=facts,
            sentiment=sentiment_of(talk),
            key_insights=insights_of(facts, names),
            suggested_topics=next_topics_of(topics, facts),
            suggested_questions=questions_of(facts),
            action_items=actions_of(talk, started_at),
        )
