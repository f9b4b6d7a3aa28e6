"""How well a search finds the messages that answer a question, on dialogues with known answers.

    python bench/retrieval.py PATH                 # a LoCoMo file, offline embedder and none
    python bench/retrieval.py PATH --no-labels     # messages without the names of their speakers
    python bench/retrieval.py PATH --ablation      # what is lost without each signal

Stores each dialogue as the conversations of one partner and asks the public search function each
question. R@k: the share of the answering messages among the first k, as a mean over questions.
MRR: 1 / rank of the first of them. S@5: the share of their talks among the first 5 talks.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import project
from asked import Asked, Loaded, load

DEPTH = 1_000
KS = (5, 10, 50)
CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
COLUMNS = ("R@5", "R@10", "R@50", "MRR", "S@5")


def judged(asked: Asked, ranked: Sequence[int], talk_of: dict[int, int]) -> dict[str, float]:
    """The metrics of one answer."""
    places = [place for place, pk in enumerate(ranked, 1) if pk in asked.evidence]
    found = {f"R@{k}": sum(p <= k for p in places) / len(asked.evidence) for k in KS}
    found["MRR"] = 1 / places[0] if places else 0.0
    talks = list(dict.fromkeys(talk_of[pk] for pk in ranked))[:5]
    wanted = {talk_of[pk] for pk in asked.evidence}
    found["S@5"] = len(wanted & set(talks)) / len(wanted)
    found["empty"] = float(not ranked)
    return found


Judged = tuple[str, int, dict[str, float]]


def measure(dialogues: Iterable[Loaded], mode: str) -> tuple[list[Judged], list[float]]:
    """(dialogue, category, metrics) of every question, and the milliseconds each took."""
    from convoai.search.messages import search_messages
    from convoai.search.question import parse_question
    from convoai.search.scope import Scope

    found, took = [], []
    for dialogue in dialogues:
        scope = Scope(user_id=dialogue.user_id, partner_id=dialogue.partner_id)
        for asked in dialogue.questions:
            begin = time.perf_counter()
            hits = search_messages(
                scope=scope, question=parse_question(asked.text), mode=mode, limit=DEPTH
            ).hits
            took.append((time.perf_counter() - begin) * 1000)
            ranked = [hit.id for hit in hits]
            found.append((dialogue.name, asked.category, judged(asked, ranked, dialogue.talk_of)))
    return found, took


def print_line(name: str, rows: Sequence[dict[str, float]]) -> None:
    means = {key: statistics.mean(row[key] for row in rows) for key in rows[0]}
    shown = " | ".join(
        f"{means[key]:.3f}" if key == "MRR" else f"{100 * means[key]:.1f}" for key in COLUMNS
    )
    print(
        f"| {name} | {len(rows)} | {shown} | {sum(row['empty'] for row in rows):.0f} |", flush=True
    )


def print_table(title: str, dialogues: Sequence[Loaded], mode: str) -> None:
    found, took = measure(dialogues, mode)
    print(f"\n{title}, {statistics.median(took):.1f} ms a question\n")
    print(f"| questions | n | {' | '.join(COLUMNS)} | empty |\n|---|--:|--:|--:|--:|--:|--:|--:|")
    print_line("all", [row for *_, row in found])
    groups: dict[str, list[dict[str, float]]] = defaultdict(list)
    for name, category, row in found:
        groups[CATEGORIES.get(category, str(category))].append(row)
        groups[name].append(row)
    for name in [*CATEGORIES.values(), *(dialogue.name for dialogue in dialogues)]:
        if groups[name]:
            print_line(name, groups[name])


def print_ablation(dialogues: Sequence[Loaded], mode: str) -> None:
    """The metrics with one group of signals at a time left out."""
    from convoai.search import ranking

    print(f"\n{mode}, without\n")
    print(f"| without | n | {' | '.join(COLUMNS)} | empty |\n|---|--:|--:|--:|--:|--:|--:|--:|")
    fitted = dict(ranking.weights(mode))
    print_line("nothing", [row for *_, row in measure(dialogues, mode)[0]])
    for name, signals in ranking.GROUPS.items():
        if not fitted.keys() & signals:
            continue
        ranking.weights(mode).update(dict.fromkeys(fitted.keys() & signals, 0.0))
        print_line(name, [row for *_, row in measure(dialogues, mode)[0]])
        ranking.weights(mode).update(fitted)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure search on a LoCoMo file.")
    parser.add_argument("path", type=Path, help="a file of LoCoMo dialogues")
    parser.add_argument("--no-labels", action="store_true", help="store no speakers' names")
    parser.add_argument("--ablation", action="store_true", help="leave out signals, one by one")
    parser.add_argument("--mode", choices=["hybrid", "text", "semantic", "all"], default="all")
    options = parser.parse_args()
    project.set_up()
    from django.conf import settings

    dialogues = list(load(options.path, labels=not options.no_labels, embed=True))
    settings.EMBEDDER = "wordllama"
    for mode in ["hybrid", "text", "semantic"] if options.mode == "all" else [options.mode]:
        if options.ablation:
            print_ablation(dialogues, mode)
        else:
            print_table(mode, dialogues, mode)


if __name__ == "__main__":
    main()
