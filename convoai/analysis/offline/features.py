"""What tells, without understanding a message, that its speaker reveals something in it.

General traits of a message and of the two beside it: length, first person, content words,
times, people, questions, thanks, place in the talk; how it stands among its speaker's other
messages is in standing.py. The weights stand in weights.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import log1p, sqrt

from convoai.analysis.offline import lexicon as lex
from convoai.analysis.offline.reading import ReadTurn, is_content
from convoai.analysis.offline.sentences import Sentence
from convoai.analysis.offline.standing import standing_of
from convoai.analysis.offline.statements import Told
from convoai.analysis.offline.verbs import is_past

# A clause that tells so much is rich.
RICH = 5.0

# Beyond these lengths a talk is no longer like those the weights were fitted on.
SHORTEST_TALK, LONGEST_TALK = 15, 45


def talk_features(
    talk: Sequence[ReadTurn], told: Sequence[Sequence[Told]]
) -> Iterator[dict[str, float]]:
    """The features of each turn of a talk, in order; `told` are the clauses of each turn."""
    heard: set[str] = set()
    names = {
        word
        for read in talk
        for name in (read.speaker, read.listener)
        for word in name.lower().split()
    }
    for place, (read, standing) in enumerate(zip(talk, standing_of(talk, told), strict=True)):
        features = _of_words(read, names)
        features |= _of_statements(read)
        features |= _of_verbs(read, told[place])
        features |= _of_place(place, len(talk))
        features |= _of_neighbours(talk, place)
        features |= standing
        fresh = len(read.content - heard)
        features["fresh"] = log1p(fresh)
        features["fresh_share"] = fresh / (1 + len(read.content))
        features["repeated"] = log1p(len(read.content) - fresh)
        heard |= read.content
        yield features


def _of_words(read: ReadTurn, names: set[str]) -> dict[str, float]:
    lower = [word.lower for word in read.words]
    said = [word.lower for sentence in read.statements for word in sentence.words]
    first = lower[0] if lower else ""
    farewell = any(word in lex.GOODBYES for word in lower[-8:]) or any(
        phrase in " ".join(lower) for phrase in lex.FAREWELL_PHRASES
    )
    return {
        "length": log1p(len(lower)),
        "said_length": log1p(len(said)),
        "content": log1p(len(read.content)),
        "long_words": sqrt(sum(len(word) >= 8 for word in read.content)),
        "i": _count(said, lex.I_WORDS, 6),
        "you": _count(said, lex.YOU_WORDS, 5),
        "i_as_subject": float(any(word in ("i", "i'm", "i've") for word in said)),
        "i_am": float("i'm" in said),
        "my": float("my" in said or "our" in said),
        "time": _count(said, lex.TIME_WORDS, 3),
        "family": _count(said, lex.FAMILY_WORDS, 3),
        "praise": _count(said, lex.PRAISE_WORDS, 3),
        "names": min(
            sum(
                _is_name(word.text, word.lower, names)
                for s in read.sentences
                for word in s.words[1:]
            ),
            3,
        ),
        "quoted": float('"' in read.turn.content or "“" in read.turn.content),
        "opens_with_applause": float(first in lex.APPLAUSE),
        "opens_with_goodbye": float(first in lex.GOODBYES),
        "farewell": float(farewell),
    }


def _is_name(text: str, lower: str, names: set[str]) -> bool:
    return (
        text[0].isupper()
        and text[1:2].islower()
        and lower not in names
        and lower not in lex.PLAIN_WORDS
    )


def _of_statements(read: ReadTurn) -> dict[str, float]:
    own = [s for s in read.statements if any(w.lower in lex.SPEAKER_WORDS for w in s.words)]
    richest = max((len(_content(s)) for s in own), default=0)
    questions = len(read.sentences) - len(read.statements)
    return {
        "own_statements": float(min(len(own), 4)),
        "richest": log1p(richest),
        "about_listener": float(min(sum(_about_listener(s) for s in read.statements), 4)),
        "question": float(questions > 0),
        "only_questions": float(questions > 0 and not read.statements),
    }


def _of_verbs(read: ReadTurn, told: Sequence[Told]) -> dict[str, float]:
    """What the speaker says they did, have been doing, are doing."""
    said = [word.lower for sentence in read.statements for word in sentence.words]
    pairs = list(pairwise(said))
    return {
        "past": min(sum(is_past(word) for word in said), 4.0),
        "i_did": float(any(one in {"i", "we"} and is_past(two) for one, two in pairs)),
        "i_am_doing": float(
            any(one in {"i'm", "we're"} and two.endswith("ing") for one, two in pairs)
        ),
        "been": float("been" in said),
        "rich_clauses": min(sum(item.telling >= RICH for item in told), 4.0),
    }


def _content(sentence: Sentence) -> list[str]:
    return [word.lower for word in sentence.words if is_content(word.lower)]


def _about_listener(sentence: Sentence) -> bool:
    lower = [word.lower for word in sentence.words]
    return any(word in lex.YOU_WORDS for word in lower) and not any(
        word in lex.I_WORDS for word in lower
    )


def _asks_listener(sentence: Sentence) -> bool:
    return sentence.is_question and any(word.lower in lex.YOU_WORDS for word in sentence.words)


def _of_place(place: int, length: int) -> dict[str, float]:
    left = length - place
    return {
        "first": float(place == 0),
        "last": float(left <= 1),
        "talk_length": log1p(min(max(length, SHORTEST_TALK), LONGEST_TALK)),
    }


def _of_neighbours(talk: Sequence[ReadTurn], place: int) -> dict[str, float]:
    before = talk[place - 1] if place else None
    after = talk[place + 1] if place + 1 < len(talk) else None
    content = talk[place].content
    after_words = [word.lower for word in after.words] if after else []
    return {
        "answers": float(bool(before and before.sentences and before.sentences[-1].is_question)),
        "after_question": float(bool(before and len(before.statements) < len(before.sentences))),
        "asked_next": float(bool(after and len(after.statements) < len(after.sentences))),
        "asked_of_next": float(bool(after and any(_asks_listener(s) for s in after.sentences))),
        "applauded_next": float(any(word in ("sounds", "that's") for word in after_words)),
        "length_before": log1p(len(before.words)) if before else 0.0,
        "length_after": log1p(len(after_words)),
        "taken_up_next": log1p(len(content.intersection(after_words))),
    }


def _count(words: Sequence[str], kind: frozenset[str], most: int) -> float:
    return float(min(sum(word in kind for word in words), most))
