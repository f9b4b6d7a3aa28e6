"""From signals to one score: a weighted sum, with weights that bench/search_weights.py fitted."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = Path(__file__).with_name("weights.json")


@cache
def weights(mode: str) -> dict[str, float]:
    """The weight of each signal in a mode (text, hybrid, semantic)."""
    found: dict[str, float] = json.loads(WEIGHTS.read_text(encoding="utf-8"))[mode]
    return found


def shares(signals: dict[str, NDArray[np.float64]], mode: str) -> dict[str, NDArray[np.float64]]:
    """What each signal adds to the scores; their sum is the score."""
    return {
        name: weight * signals[name] for name, weight in weights(mode).items() if name in signals
    }
