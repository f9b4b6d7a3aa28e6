"""Fits the weights of the offline analyzer: bench/weights.py PATH (dialogues as for analysis.py).

Prints what leaving one dialogue out at a time gives, then the table for
convoai/analysis/offline/weights.py fitted to all. Logistic regression with a penalty on the
squares of the weights, on standardised traits, by gradient descent; about a minute.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from math import exp, sqrt
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from analysis import Score
from annotated import Dialogue, load

from convoai.analysis.offline.analyzer import OfflineAnalyzer
from convoai.analysis.offline.features import talk_features
from convoai.analysis.offline.reading import read
from convoai.analysis.offline.statements import told_in
from convoai.analysis.offline.weights import WEIGHTS

PENALTY = 100.0
ROUNDS = 150
Rows = list[tuple[list[float], bool]]


def rows_of(dialogue: Dialogue) -> tuple[list[str], Rows]:
    names: list[str] = []
    rows: Rows = []
    for talk in dialogue.talks:
        turns = read(talk.turns, dialogue.partner, dialogue.user)
        told = [told_in(turn) for turn in turns]
        for turn, features in zip(talk.turns, talk_features(turns, told), strict=True):
            names = list(features)
            rows.append((list(features.values()), bool(talk.notes[turn.id])))
    return names, rows


def fit(names: Sequence[str], rows: Rows) -> dict[str, float]:
    """Weights by name, for traits as they are."""
    count = len(rows)
    columns = list(zip(*(values for values, _ in rows), strict=True))
    means = [sum(column) / count for column in columns]
    spreads = [
        sqrt(sum((value - mean) ** 2 for value in column) / count) or 1.0
        for column, mean in zip(columns, means, strict=True)
    ]
    data = [
        ([(v - m) / s for v, m, s in zip(values, means, spreads, strict=True)], real)
        for values, real in rows
    ]
    weights, bias = descend(data, len(names))
    raw = [weight / spread for weight, spread in zip(weights, spreads, strict=True)]
    shift = sum(weight * mean for weight, mean in zip(raw, means, strict=True))
    return {"bias": bias - shift, **dict(zip(names, raw, strict=True))}


def descend(data: Rows, size: int) -> tuple[list[float], float]:
    weights, bias = [0.0] * size, 0.0
    speed, bias_speed = [0.0] * size, 0.0
    for _ in range(ROUNDS):
        slope = [PENALTY * weight for weight in weights]
        bias_slope = 0.0
        for values, real in data:
            score = bias + sum(w * v for w, v in zip(weights, values, strict=True))
            miss = 1 / (1 + exp(-score)) - real
            bias_slope += miss
            for place, value in enumerate(values):
                slope[place] += miss * value
        step = 0.5 / len(data)
        bias_speed = 0.8 * bias_speed - step * bias_slope
        bias += bias_speed
        for place in range(size):
            speed[place] = 0.8 * speed[place] - step * slope[place]
            weights[place] += speed[place]
    return weights, bias


def score_of(dialogue: Dialogue, score: Score) -> None:
    """Add what the analyzer makes of a dialogue with the weights as they are now."""
    analyzer = OfflineAnalyzer()
    for talk in dialogue.talks:
        facts = analyzer.analyze(talk.turns, dialogue.partner, dialogue.user, talk.started_at).facts
        real = [number for number, notes in talk.notes.items() if notes]
        score.add((fact.source_message_id for fact in facts), real)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("path", type=Path, help="file of dialogues")
    dialogues = load(parser.parse_args().path)
    tables = [rows_of(dialogue) for dialogue in dialogues]
    names = tables[0][0]
    total = Score()
    for place, dialogue in enumerate(dialogues):
        others = [row for at, (_, rows) in enumerate(tables) if at != place for row in rows]
        WEIGHTS.update(fit(names, others))
        score = Score()
        score_of(dialogue, score)
        score_of(dialogue, total)
        print(f"  without {dialogue.name:<10} {score}")
    print(f"  all                {total}")
    for name, weight in fit(names, [row for _, rows in tables for row in rows]).items():
        print(f'    "{name}": {weight:.3f},')


if __name__ == "__main__":
    main()
