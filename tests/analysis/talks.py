"""Small talks between Ann (the partner) and Ben (the user) on Wednesday, 10 May 2023."""

from __future__ import annotations

from datetime import UTC, datetime

from convoai.analysis.offline.analyzer import OfflineAnalyzer
from convoai.analysis.result import Analysis, Sender, Turn

DAY = datetime(2023, 5, 10, 18, 30, tzinfo=UTC)
NAMES: dict[Sender, str] = {"partner": "Ann Almond", "user": "Ben Birch"}


def turn(content: str, sender: Sender = "partner", number: int = 1) -> Turn:
    return Turn(number, sender, NAMES[sender], content)


def talk(*contents: str) -> list[Turn]:
    """Ann begins, then they take turns."""
    senders: tuple[Sender, Sender] = ("partner", "user")
    return [turn(content, senders[place % 2], place + 1) for place, content in enumerate(contents)]


def analysis_of(turns: list[Turn]) -> Analysis:
    return OfflineAnalyzer().analyze(turns, NAMES["partner"], NAMES["user"], DAY)
