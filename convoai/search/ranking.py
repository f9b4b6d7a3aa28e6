"""From signals to one score: a weighted sum, with weights that bench/search_weights.py fitted."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Not fitted, for want of data that tells. What is fitted on questions puts an answer beside the
# words they share; who only looks words up wants to see the messages that hold them first. And
# the fitted dialogues have one partner each: whose partner is named means talks with them, and a
# word that another partner's talk shares with the question by chance shall not outweigh that.
BY_HAND = {"looked_up": 8.0, "named_partner": 9.0}
# Signals that stand and fall together in the ablation of bench/retrieval.py.
GROUPS = {
    "the message's own words": {"words", "looked_up"},
    "words of the neighbours": {
        *("words_before", "words_after", "words_two_before", "words_two_after"),
        *("asked_before", "asked_after", "around", "with_previous", "forms_beside"),
    },
    "words of the talk": {"talk"},
    "other forms of words": {"forms", "forms_beside"},
    "who speaks": {"speaker", "named_partner"},
    "question marks": {
        *("is_question", "has_question", "after_question", "asked_before", "asked_after"),
        "meaning_asked_before",
    },
    "length": {"length"},
    "the opening of a talk": {"opening"},
    "dates": {"near_date", "in_month"},
    "words of time": {"time"},
    "meaning of the message": {"meaning"},
    "meaning of the neighbours": {
        *("meaning_before", "meaning_after", "meaning_two_before", "meaning_two_after"),
        "meaning_asked_before",
    },
    "meaning of the talk": {"meaning_talk"},
}
WEIGHTS = Path(__file__).with_name("weights.json")


@cache
def weights(mode: str) -> dict[str, float]:
    """The weight of each signal in a mode (text, hybrid, semantic)."""
    found: dict[str, float] = json.loads(WEIGHTS.read_text(encoding="utf-8"))[mode]
    return found | BY_HAND


def shares(signals: dict[str, NDArray[np.float64]], mode: str) -> dict[str, NDArray[np.float64]]:
    """What each signal adds to the scores; their sum is the score."""
    return {
        name: weight * signals[name] for name, weight in weights(mode).items() if name in signals
    }
