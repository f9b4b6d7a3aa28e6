"""Statements of any kind: the sentences of a message that tell most, as facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from convoai.analysis.offline import guards
from convoai.analysis.offline.clauses import Clause, clause_of
from convoai.analysis.offline.kinds import kind_of
from convoai.analysis.offline.lexicon import ANAPHORS, TIME_WORDS
from convoai.analysis.offline.reading import ReadTurn, is_content
from convoai.analysis.offline.sentences import Sentence
from convoai.analysis.offline.times import Moment, moments_of
from convoai.analysis.offline.verbs import is_past
from convoai.analysis.offline.wording import worded
from convoai.analysis.result import Category

MOST_PER_MESSAGE = 2
# How much a clause tells by whom it is about.
BY_SUBJECT = {"speaker": 3.0, "dropped": 2.0, "owned": 2.5, "other": 0.5, "listener": -2.0}


@dataclass(frozen=True, slots=True)
class Statement:
    """A clause worth keeping, worded to stand alone."""

    clause: Clause
    key: str
    category: Category
    value: str
    telling: float
    valid_from: datetime | None


def statements_of(read: ReadTurn, said_at: datetime) -> list[Statement]:
    """The most telling statements of a message, best first."""
    found = sorted(_candidates(read), key=lambda pair: -pair[0])
    result = []
    for telling, clause in found[:MOST_PER_MESSAGE]:
        if result and telling < 3.5:
            break
        result.append(_statement(read, clause, telling, said_at))
    return [statement for statement in result if statement.value]


def _candidates(read: ReadTurn) -> Iterator[tuple[float, Clause]]:
    for place, sentence in enumerate(read.sentences):
        after = read.sentences[place + 1] if place + 1 < len(read.sentences) else None
        if guards.is_asked(sentence) or guards.is_joke(sentence, after):
            continue
        clause = clause_of(sentence, read.listener)
        if clause is None or guards.is_quotation(sentence):
            continue
        telling = telling_of(clause)
        if telling > 0:
            yield telling, clause


def telling_of(clause: Clause) -> float:
    """How much a clause tells by itself."""
    lower = clause.lower
    content = len({word for word in lower if is_content(word)})
    if content == 0:
        return 0.0
    score = BY_SUBJECT[clause.subject] + min(content, 8) * 0.5
    score += 0.7 * any(word in TIME_WORDS for word in lower)
    if lower[0] in ANAPHORS:
        score -= 1.5
    if guards.is_conditional(lower):
        score -= 2.0
    if guards.is_reported(lower):
        score -= 1.5
    return score


def _statement(read: ReadTurn, clause: Clause, telling: float, said_at: datetime) -> Statement:
    lower = clause.lower
    past = any(is_past(word) for word in lower)
    moments = moments_of(lower, said_at.date(), past)
    key, category = kind_of(lower, clause.subject_at + 1)
    return Statement(
        clause=clause,
        key=key,
        category=category,
        value=worded(clause, read.listener, moments),
        telling=telling,
        valid_from=_since(moments, said_at),
    )


def _since(moments: list[Moment], said_at: datetime) -> datetime | None:
    return at_midnight(moments[0].start, said_at) if moments else None


def at_midnight(day: date, said_at: datetime) -> datetime:
    return datetime.combine(day, time(), tzinfo=said_at.tzinfo)


def quote_of(read: ReadTurn, clause: Clause) -> tuple[str, int]:
    """The words of the clause as they stand in the message, and where."""
    return read.turn.content[clause.start : clause.end], clause.start


def sentence_of(read: ReadTurn, place: int) -> Sentence:
    return read.sentences[place]
