"""How well and how fast the offline analyzer finds facts: bench/analysis.py PATH.

PATH is a file of dialogues in the format of LoCoMo. A message counts as telling when people
noted something about its speaker there; the analyzer is judged by the messages it made a fact of.
"""

from __future__ import annotations

import argparse
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from annotated import Dialogue, Talk, load

from convoai.analysis.keys import sentence_about
from convoai.analysis.offline.analyzer import OfflineAnalyzer
from convoai.analysis.result import FactFound, Turn
from convoai.analysis.values import normalised

FIRST_PERSON = re.compile(r"\b(?:I|I'm|I've|I'd|I'll|my|me|we|our|us)\b", re.IGNORECASE)
TOKEN = re.compile(r"[a-z0-9]+")
NOON = datetime(2023, 5, 10, 12, tzinfo=UTC)
SIZES = (1_000, 10_000, 100_000)


@dataclass
class Score:
    """Telling messages found, found in all, and to be found."""

    right: int = 0
    found: int = 0
    real: int = 0

    def add(self, found: Iterable[int], real: Iterable[int]) -> None:
        found, real = set(found), set(real)
        self.right += len(found & real)
        self.found += len(found)
        self.real += len(real)

    def __str__(self) -> str:
        precision = self.right / max(self.found, 1)
        recall = self.right / max(self.real, 1)
        harmonic = 2 * precision * recall / max(precision + recall, 1e-9)
        return f"precision {precision:.3f}  recall {recall:.3f}  F1 {harmonic:.3f}"


def simple_rule(turns: Sequence[Turn]) -> set[int]:
    """The rule to beat: first person and more than 15 words."""
    return {
        turn.id
        for turn in turns
        if FIRST_PERSON.search(turn.content) and len(turn.content.split()) > 15
    }


def overlap(made: str, noted: str) -> float:
    """F1 of the tokens two sentences share."""
    one, other = TOKEN.findall(made.lower()), TOKEN.findall(noted.lower())
    shared = sum(min(one.count(token), other.count(token)) for token in set(one))
    return 2 * shared / max(len(one) + len(other), 1)


def judge(
    dialogues: Sequence[Dialogue], analyze: Callable[[Dialogue, Talk], list[FactFound]]
) -> None:
    total, rule, values, sentences = Score(), Score(), [], []
    doubles = count = keyless = 0
    for dialogue in dialogues:
        own, seen = Score(), set()
        for talk in dialogue.talks:
            facts = analyze(dialogue, talk)
            real = [number for number, notes in talk.notes.items() if notes]
            for score in (total, own):
                score.add((fact.source_message_id for fact in facts), real)
            rule.add(simple_rule(talk.turns), real)
            speakers = {turn.id: turn.speaker for turn in talk.turns}
            for number in real:
                made = [fact for fact in facts if fact.source_message_id == number]
                for note in talk.notes[number] if made else ():
                    values.append(max(overlap(fact.fact_value, note) for fact in made))
                    name = speakers[number]
                    sentences.append(max(overlap(sentence_about(f, name), note) for f in made))
            for fact in facts:
                key = (fact.subject, fact.fact_key, normalised(fact.fact_value))
                doubles += key in seen
                seen.add(key)
            count += len(facts)
            keyless += sum(fact.fact_key == "about" for fact in facts)
        print(f"  {dialogue.name:<12} {own}")
    print(f"  all          {total}")
    print(f"  simple rule  {rule}")
    print(f"Token overlap: value {mean(values):.3f}, with its subject {mean(sentences):.3f}")
    print(f"Facts {count}, duplicates per partner {100 * doubles / max(count, 1):.2f} %")
    print(f"No better key than about: {100 * keyless / max(count, 1):.1f} %")


def mean(values: Sequence[float]) -> float:
    return sum(values) / max(len(values), 1)


def measure_speed(dialogues: Sequence[Dialogue]) -> None:
    analyzer = OfflineAnalyzer()
    pairs = [(dialogue, talk) for dialogue in dialogues for talk in dialogue.talks]
    for size in SIZES:
        done, begin = 0, time.process_time()
        while done < size:
            for dialogue, talk in pairs:
                analyzer.analyze(talk.turns, dialogue.partner, dialogue.user, talk.started_at)
                done += len(talk.turns)
                if done >= size:
                    break
        seconds = time.process_time() - begin
        print(f"  {done:>7} messages in talks  {seconds:7.2f} s  {done / seconds:7.0f} per s")
    dialogue, talk = max(pairs, key=lambda pair: len(pair[1].turns))
    for size in (25, *SIZES):
        turns = [
            replace(talk.turns[place % len(talk.turns)], id=place + 1) for place in range(size)
        ]
        begin = time.process_time()
        analyzer.analyze(turns, dialogue.partner, dialogue.user, talk.started_at)
        seconds = time.process_time() - begin
        print(
            f"  one talk of {size:>6}       {seconds:7.3f} s  {size / seconds:7.0f} per s"
            f"  peak {peak_memory():4.0f} MiB"
        )


def peak_memory() -> float:
    """The most memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_hostile_lines() -> None:
    """The worst of some lines of a megabyte that are made to hold up a regex."""
    made = {
        "spaces": " ",
        "ones": "1",
        "word": "word",
        "hyphens": "a-",
        "quotes and points": '.")',
        "short words": "i ",
        "rules": "i work at my dog ",
        "dates": "last 5 march of ",
        "openers": "wow, ",
        "favourites in lines": "my favourite x is y " * 5 + "\n",
    }
    for name, piece in made.items():
        line = piece * (1_000_000 // len(piece)) + "!"
        begin = time.process_time()
        OfflineAnalyzer().analyze([Turn(1, "partner", "Ann", line)], "Ann", "Ben", NOON)
        print(f"  1 MB of {name:<20} {1000 * (time.process_time() - begin):6.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("path", type=Path, help="file of dialogues")
    parser.add_argument("--quick", action="store_true", help="quality only")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N facts")
    options = parser.parse_args()
    dialogues = load(options.path)
    analyzer = OfflineAnalyzer()
    made: list[tuple[str, FactFound]] = []

    def analyze(dialogue: Dialogue, talk: Talk) -> list[FactFound]:
        result = analyzer.analyze(talk.turns, dialogue.partner, dialogue.user, talk.started_at)
        made.extend((talk.started_at.date().isoformat(), fact) for fact in result.facts)
        return result.facts

    begin = time.perf_counter()
    print("Messages that tell about their speaker:")
    judge(dialogues, analyze)
    messages = sum(len(talk.turns) for dialogue in dialogues for talk in dialogue.talks)
    print(f"{messages} messages in {time.perf_counter() - begin:.2f} s")
    for day, fact in made[:: max(len(made) // max(options.show, 1), 1)] if options.show else ():
        print(f"  {day} {fact.confidence:.2f} {fact.subject} {fact.fact_key}: {fact.fact_value}")
        print(f"             « {fact.quote} »")
    if not options.quick:
        print("Speed, in seconds of one core:")
        measure_speed(dialogues)
        measure_hostile_lines()
        print(f"Peak memory {peak_memory():.0f} MiB")


if __name__ == "__main__":
    main()
