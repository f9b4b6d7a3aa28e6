"""How likely a message reveals something about its speaker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp

from convoai.analysis.offline.features import talk_features
from convoai.analysis.offline.reading import ReadTurn
from convoai.analysis.offline.statements import Told
from convoai.analysis.offline.weights import WEIGHTS


def worths(talk: Sequence[ReadTurn], told: Sequence[Sequence[Told]]) -> Iterator[float]:
    """For each turn of the talk a probability, 0 to 1 (a logistic model).

    `told` are the clauses of each turn.
    """
    for features in talk_features(talk, told):
        score = WEIGHTS["bias"] + sum(WEIGHTS[name] * value for name, value in features.items())
        yield 1 / (1 + exp(-score))
