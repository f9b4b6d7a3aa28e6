"""What a talk was about: known topics by their words, and names and phrases that return."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from convoai.analysis.offline.lexicon import PLAIN_WORDS, TIME_WORDS
from convoai.analysis.offline.reading import ReadTurn
from convoai.analysis.offline.vocabulary import TOPICS, TOPICS_OF_WORD
from convoai.analysis.result import TopicFound

MOST_TOPICS = 8
MOST_PHRASES = 3
# A known topic needs this many turns, or as many different words of its own.
FEWEST = 2
SHORT_TALK = 8
# Shown by words that are said of everything.
WEAK = frozenset({"Friendship", "Work", "Home"})


def topics_of(talk: Sequence[ReadTurn]) -> list[TopicFound]:
    """The topics of a talk, the most relevant first."""
    turns: dict[str, set[int]] = defaultdict(set)
    shown: dict[str, set[str]] = defaultdict(set)
    for place, read in enumerate(talk):
        for word in read.words:
            for name in TOPICS_OF_WORD.get(word.lower.removesuffix("'s"), ()):
                turns[name].add(place)
                shown[name].add(word.lower)
    weights = {
        name: (len(places) + 0.5 * len(shown[name]))
        * (0.4 if name in WEAK else 1.0)
        * (0.6 if len(shown[name]) == 1 else 1.0)
        for name, places in turns.items()
        if len(places) >= FEWEST or len(shown[name]) >= FEWEST or len(talk) <= SHORT_TALK
    }
    best = sorted(weights, key=lambda name: (-weights[name], name))[:MOST_TOPICS]
    most = max(weights.values(), default=1.0)
    found = [TopicFound(name, TOPICS[name][0], _relevance(weights[name], most)) for name in best]
    return found + [topic for topic in _phrases(talk) if not _among(topic, found)]


def _relevance(weight: float, most: float) -> int:
    return max(1, min(10, round(10 * weight / most)))


def _among(topic: TopicFound, found: Sequence[TopicFound]) -> bool:
    names = {other.name.casefold() for other in found}
    return topic.name.casefold() in names or topic.name.casefold() in TOPICS_OF_WORD


def _phrases(talk: Sequence[ReadTurn]) -> Iterator[TopicFound]:
    """Names of two words or more, or said by both or twice, that are not the speakers'."""
    own = {
        word
        for read in talk
        for name in (read.speaker, read.listener)
        for word in name.lower().split()
    }
    count: Counter[str] = Counter()
    for read in talk:
        count.update(name for name in set(_names(read)) if not _called_by(name, own))
    for name, times in count.most_common(MOST_PHRASES):
        if times >= 2 or (" " in name and len(talk) <= 40):
            yield TopicFound(name, "interest", max(1, min(10, 2 + 2 * times)))


def _called_by(name: str, own: set[str]) -> bool:
    """Whether it is a speaker's name, or a short form of it."""
    parts = name.lower().removesuffix("'s").split()
    return any(whole.startswith(part) for part in parts if len(part) > 2 for whole in own)


def _names(read: ReadTurn) -> Iterator[str]:
    """Runs of words with capitals that do not begin a sentence."""
    for sentence in read.sentences:
        run: list[str] = []
        end = 0
        for word in sentence.words[1:]:
            fits = (
                word.text[0].isupper()
                and word.text[1:2].islower()
                and word.lower not in PLAIN_WORDS
                and word.lower not in TIME_WORDS
            )
            if fits and run and word.start == end + 1:
                run.append(word.text)
            else:
                if run:
                    yield " ".join(run[:4])
                run = [word.text] if fits else []
            end = word.end
        if run:
            yield " ".join(run[:4])
