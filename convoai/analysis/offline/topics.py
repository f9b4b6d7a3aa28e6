"""What a talk was about: known topics by their words, and names and phrases that return."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from convoai.analysis.offline.kinds import FEELINGS, LIKES, OPINIONS
from convoai.analysis.offline.lexicon import (
    PLAIN_WORDS,
    PRAISE_WORDS,
    STATE_VERBS,
    TIME_WORDS,
    words,
)
from convoai.analysis.offline.ordinary import is_ordinary
from convoai.analysis.offline.reading import ReadTurn, is_content
from convoai.analysis.offline.sentiment import BAD, GOOD
from convoai.analysis.offline.verbs import is_adverb, is_past
from convoai.analysis.offline.vocabulary import TOPICS, TOPICS_OF_WORD
from convoai.analysis.result import TopicFound

MOST_TOPICS = 8
MOST_PHRASES = 3
MOST_PAIRS = 2
# Stand beside a noun often without naming anything with it.
NAMELESS = (
    STATE_VERBS
    | PRAISE_WORDS
    | FEELINGS
    | OPINIONS
    | LIKES
    | TIME_WORDS
    | GOOD
    | BAD
    | words(
        "few lot lots little big small own old next last first second best same other others bit"
        " kind sort ton tons stuff people person place part way ways whole sure right help helps"
        " need needs take takes come comes give gives keep keeps start starts stay wait let lets"
        " try find look looks looking going getting taking making having trying having using bring"
        " brings hear chat talk catch stop check mind each every both favorite favourite different"
        " important special long short hard easy close full real free extra whatever since though"
        " maybe guess such enough anyone everyone someone nothing else yet ago haha wow lol pic"
        " pics photo photos picture pictures together crazy world reminds reminder"
        " means meaning impact difference"
    )
)
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
    pairs: Counter[str] = Counter()
    by: dict[str, set[str]] = defaultdict(set)
    for read in talk:
        count.update(name for name in set(_names(read)) if not _called_by(name, own))
        for pair in set(_pairs(read)):
            pairs[pair] += 1
            by[pair].add(read.turn.sender)
    for name, times in count.most_common(MOST_PHRASES):
        if times >= 2 or (" " in name and len(talk) <= 40):
            yield TopicFound(name, "interest", max(1, min(10, 2 + 2 * times)))
    named = {name.lower() for name in count}
    returned = (
        (pair, times)
        for pair, times in pairs.most_common()
        if (times > 2 or (times == 2 and len(by[pair]) == 2)) and pair not in named
    )
    for pair, times in islice(returned, MOST_PAIRS):
        yield TopicFound(pair.capitalize(), "interest", max(1, min(10, 1 + times)))


def _pairs(read: ReadTurn) -> Iterator[str]:
    """Two words side by side that may name a thing together: "support group"."""
    for sentence in read.sentences:
        for one, two in pairwise(sentence.words):
            named = _may_name(one.lower, first=True) and _may_name(two.lower, first=False)
            if named and one.end + 1 == two.start and two.lower != one.lower:
                yield f"{one.lower} {two.lower}"


def _may_name(word: str, *, first: bool) -> bool:
    """Whether a word may stand in the name of a thing, as far as it shows."""
    return (
        is_content(word)
        and word not in NAMELESS
        and "'" not in word
        and not is_adverb(word)
        and not is_past(word)
        and (first or not word.endswith(("ing", "ive", "ous", "ful", "able")))
    )


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
                yield from _name_of(run)
                run = [word.text] if fits else []
            end = word.end
        yield from _name_of(run)


def _name_of(run: Sequence[str]) -> Iterator[str]:
    """The run as one name, unless it is an ordinary word with a capital."""
    if len(run) > 1 or (run and not is_ordinary(run[0].lower().removesuffix("'s"))):
        yield " ".join(run[:4])
