"""How a message stands among the other messages of its speaker.

People who note what somebody tells of themselves keep the most telling messages of a talk, not
each that passes a mark. So a message is compared with its speaker's others in the same stretch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, log1p

from convoai.analysis.offline import lexicon as lex
from convoai.analysis.offline.reading import ReadTurn, is_content
from convoai.analysis.offline.statements import Told

# A longer talk is read in stretches of about equal length; so the cost stays linear and a
# message is compared with what was said around it.
LONGEST_STRETCH = 48
# What one speaker tells in a stretch, in content words, beyond which counting says no more.
LEAST_TOLD, MOST_TOLD = 20, 400


@dataclass(frozen=True, slots=True)
class _Weight:
    """How much a message holds: words, content words, those of the speaker's own sentences."""

    length: int
    content: int
    own: int
    telling: float


def standing_of(
    talk: Sequence[ReadTurn], told: Sequence[Sequence[Told]]
) -> Iterator[dict[str, float]]:
    """The features of each turn of a talk, in order."""
    parts = max(1, ceil(len(talk) / LONGEST_STRETCH))
    size = ceil(len(talk) / parts) if talk else 1
    for begin in range(0, len(talk), size):
        end = begin + size
        yield from _standing_in(talk[begin:end], told[begin:end])


def _standing_in(
    stretch: Sequence[ReadTurn], told: Sequence[Sequence[Told]]
) -> Iterator[dict[str, float]]:
    weights = [_weight(read, items) for read, items in zip(stretch, told, strict=True)]
    mean_length = sum(weight.length for weight in weights) / len(weights)
    by_speaker: dict[str, list[int]] = defaultdict(list)
    order: list[int] = []
    for place, read in enumerate(stretch):
        order.append(len(by_speaker[read.turn.sender]))
        by_speaker[read.turn.sender].append(place)
    for place, read in enumerate(stretch):
        same = by_speaker[read.turn.sender]
        yield _among(stretch, weights, same, order[place]) | {
            "length_here": log1p(weights[place].length) - log1p(mean_length)
        }


def _weight(read: ReadTurn, told: Sequence[Told]) -> _Weight:
    own = sum(
        is_content(word.lower)
        for sentence in read.statements
        if any(word.lower in lex.SPEAKER_WORDS for word in sentence.words)
        for word in sentence.words
    )
    telling = max((item.telling for item in told), default=0.0)
    return _Weight(len(read.words), len(read.content), own, max(telling, 0.0))


def _among(
    stretch: Sequence[ReadTurn], weights: Sequence[_Weight], same: Sequence[int], at: int
) -> dict[str, float]:
    """The message number `at` among those of its speaker, which stand at the places `same`."""
    mine = weights[same[at]]
    mean = sum(weights[place].content for place in same) / len(same)
    beside = [weights[same[near]].content for near in (at - 1, at + 1) if 0 <= near < len(same)]
    content = stretch[same[at]].content
    richer = [place for place in same if weights[place].own > mine.own]
    said_again = max((len(content & stretch[place].content) for place in richer), default=0)
    told = sum(weights[place].own for place in same)
    return {
        "content_here": log1p(mine.content) - log1p(mean),
        "content_beside": float(mine.content - max(beside, default=0)),
        "told_in_all": log1p(min(max(told, LEAST_TOLD), MOST_TOLD)),
        "own_rank": log1p(len(richer)),
        "telling_rank": log1p(sum(weights[place].telling > mine.telling for place in same)),
        "said_richer": said_again / (1 + len(content)),
    }
