"""The registry of fact keys: category, number of values, wording."""

from __future__ import annotations

from convoai.analysis.result import FactFound


def sentence_about(fact: FactFound, name: str) -> str:
    """The fact as a sentence about the person of this name."""
    return f"{name} {fact.fact_value}"
