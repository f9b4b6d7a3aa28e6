"""Fits the weights of the search's signals, and says how they do on dialogues they never saw.

    python bench/search_weights.py PATH            # leave one dialogue out, print the metrics
    python bench/search_weights.py PATH --write    # and write convoai/search/weights.json

The model is a weighted sum of signals; the loss is the cross entropy of a softmax over a
dialogue's messages against those that answer (ListNet, Cao et al. 2007), with a small penalty on
large weights, by Adam. Signals come from the search itself, so what is fitted is what runs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import project
from asked import Asked, Loaded, load
from retrieval import COLUMNS, judged, print_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROUNDS = 200
RATE = 0.1
PENALTY = 1.0
# Messages that do not answer, per question, that the fit looks at.
OTHERS = 200
MEANING = "meaning"
# What a semantic search goes by: the meaning, and what is no word of the question.
WORDLESS = ("speaker", "is_question", "has_question", "after_question", "length", "opening", "time")


@dataclass(frozen=True)
class Example:
    """A question with its signals (message by signal), ids, and places of the answers."""

    dialogue: Loaded
    asked: Asked
    signals: NDArray[np.float64]
    ids: Sequence[int]
    answers: NDArray[Any]


def examples(dialogues: Sequence[Loaded]) -> tuple[list[str], list[Example]]:
    """The signals' names and an example for each question."""
    import numpy as np

    from convoai.search.lexing import prepare
    from convoai.search.messages import SMALL, vector_of
    from convoai.search.question import parse_question
    from convoai.search.ranking import BY_HAND
    from convoai.search.rows import all_rows
    from convoai.search.scope import Scope
    from convoai.search.signals import signals

    names: list[str] = []
    found = []
    for dialogue in dialogues:
        scope = Scope(user_id=dialogue.user_id, partner_id=dialogue.partner_id)
        for asked in dialogue.questions:
            question = parse_question(asked.text)
            prepared = prepare(scope, question, SMALL)
            rows = all_rows(scope, prepared, vector_of(question))
            assert rows is not None
            values = signals(rows, prepared, question)
            # What is set by hand is not fitted.
            names = names or [name for name in values if name not in BY_HAND]
            table = np.stack([values[name] for name in names], axis=1)
            answers = np.flatnonzero(np.isin(rows.id, list(asked.evidence)))
            found.append(Example(dialogue, asked, table, rows.id.tolist(), answers))
    return names, found


def thinned(example: Example, random: Any) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """The answers among some of the others, the likelier ones first."""
    import numpy as np

    near = np.argsort(-example.signals[:, 1:6].sum(axis=1))[: OTHERS // 2]
    some = random.permutation(len(example.signals))[: OTHERS // 2]
    chosen = np.unique(np.r_[example.answers, near, some])
    return example.signals[chosen], np.searchsorted(chosen, example.answers)


def fitted(data: Sequence[tuple[NDArray[np.float64], NDArray[Any]]]) -> NDArray[np.float64]:
    """The weights with the least loss."""
    import numpy as np

    table = np.concatenate([signals for signals, _ in data])
    scale = table.std(axis=0) + 1e-6
    table = table / scale
    sizes = np.array([len(signals) for signals, _ in data])
    starts = np.r_[0, np.cumsum(sizes)[:-1]]
    owner = np.repeat(np.arange(len(data)), sizes)
    wanted = np.zeros(len(table))
    for start, (_, answers) in zip(starts, data, strict=True):
        wanted[start + answers] = 1 / len(answers)
    found, slope, square = (np.zeros(table.shape[1]) for _ in range(3))
    for turn in range(1, ROUNDS + 1):
        score = table @ found
        chance = np.exp(score - np.maximum.reduceat(score, starts)[owner])
        chance /= np.add.reduceat(chance, starts)[owner]
        step = (table.T @ (chance - wanted) + PENALTY * found) / len(data)
        slope, square = 0.9 * slope + 0.1 * step, 0.99 * square + 0.01 * step * step
        found -= RATE * (slope / (1 - 0.9**turn)) / (np.sqrt(square / (1 - 0.99**turn)) + 1e-8)
    weights: NDArray[np.float64] = found / scale
    return weights


def signals_of_mode(mode: str, names: Sequence[str]) -> list[str]:
    if mode == "text":
        return [name for name in names if not name.startswith(MEANING)]
    if mode == "semantic":
        return [name for name in names if name.startswith(MEANING) or name in WORDLESS]
    return list(names)


def run(path: Path, *, write: bool) -> None:
    import numpy as np

    from convoai.search.ranking import WEIGHTS

    dialogues = list(load(path, labels=True, embed=True))
    names, found = examples(dialogues)
    random = np.random.default_rng(0)
    print(f"| not seen | n | {' | '.join(COLUMNS)} | empty |\n|---|--:|--:|--:|--:|--:|--:|--:|")
    result = {}
    for mode in ("hybrid", "text", "semantic"):
        chosen = signals_of_mode(mode, names)
        columns = [names.index(name) for name in chosen]
        thin = [(e.dialogue.name, *thinned(e, random)) for e in found]
        rows = []
        for dialogue in dialogues:
            weights = fitted([(x[:, columns], y) for name, x, y in thin if name != dialogue.name])
            for example in (e for e in found if e.dialogue.name == dialogue.name):
                order = np.argsort(-(example.signals[:, columns] @ weights), kind="stable")
                ranked = [example.ids[place] for place in order]
                rows.append(judged(example.asked, ranked, dialogue.talk_of))
        print_line(mode, rows)
        whole = fitted([(x[:, columns], y) for _, x, y in thin])
        result[mode] = {n: round(float(w), 3) for n, w in zip(chosen, whole, strict=True)}
    if write:
        WEIGHTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        print(f"\nWritten to {WEIGHTS.name}.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the weights of the search's signals.")
    parser.add_argument("path", type=Path, help="a file of LoCoMo dialogues")
    parser.add_argument("--write", action="store_true", help="write convoai/search/weights.json")
    options = parser.parse_args()
    project.set_up()
    run(options.path, write=options.write)


if __name__ == "__main__":
    main()
