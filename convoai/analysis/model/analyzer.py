"""The language-model analyzer."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from time import monotonic

from convoai.analysis.failure import AnalysisFailed
from convoai.analysis.model import prompt
from convoai.analysis.model.asking import LONGEST, ask
from convoai.analysis.model.parts import parts_of
from convoai.analysis.model.provider import Provider
from convoai.analysis.model.taking import analysis_from
from convoai.analysis.result import Analysis, Analyzer, Turn
from convoai.database.transactions import release_connection

logger = logging.getLogger("convoai.analysis")


class ModelAnalyzer:
    """Asks a provider to read the talk; what comes back is checked like any other analysis.

    The model has no tools, no addresses and no memory: it gets one talk of one owner and gives
    text that is validated. Raises AnalysisFailed when it does not answer.
    """

    version = "1"

    def __init__(self, provider: Provider, *, seconds: float = LONGEST) -> None:
        """`seconds` is what one talk may take."""
        self.provider = provider
        self.seconds = seconds
        self.name = provider.name

    def analyze(
        self, turns: Sequence[Turn], partner_name: str, user_name: str, started_at: datetime
    ) -> Analysis:
        """Analyse the turns in their order; relative times are read against `started_at`."""
        prompts = [
            prompt.talk(
                part,
                partner_name=partner_name,
                user_name=user_name,
                started_at=started_at,
                mark=f"=== {secrets.token_hex(12)} ===",
            )
            for part in parts_of(turns)
        ]
        # Minutes may pass: others need the connection meanwhile.
        release_connection()
        began = monotonic()
        asked = asyncio.run(
            ask(self.provider, prompt.instructions(), prompts, seconds=self.seconds)
        )
        cost = f"{asked.tokens_in}+{asked.tokens_out} tokens, {monotonic() - began:.1f} s"
        analysis, dropped = analysis_from(
            asked.answers, turns, analyzer=self.name, version=self.version
        )
        logger.info(
            "%s read a talk in %d parts: %s; %d items dropped",
            self.name,
            len(prompts),
            cost,
            dropped,
        )
        return replace(analysis, tokens_in=asked.tokens_in, tokens_out=asked.tokens_out)


class FallbackAnalyzer:
    """Asks one analyzer, and another one when that fails; the result says so in its name."""

    def __init__(self, first: Analyzer, second: Analyzer) -> None:
        self.first = first
        self.second = second
        self.name = first.name
        self.version = first.version

    def analyze(
        self, turns: Sequence[Turn], partner_name: str, user_name: str, started_at: datetime
    ) -> Analysis:
        """As the first analyzer, or as the second."""
        try:
            return self.first.analyze(turns, partner_name, user_name, started_at)
        except AnalysisFailed as failure:
            logger.warning("%s failed (%s); %s reads", self.first.name, failure, self.second.name)
        analysis = self.second.analyze(turns, partner_name, user_name, started_at)
        return replace(analysis, analyzer=f"{analysis.analyzer} ({self.first.name} failed)")
