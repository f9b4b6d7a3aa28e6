"""A model's answers, joined and turned into the result that every analyzer gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, TypeVar

from conversations.fact_keys import is_many_valued
from conversations.models.moments import FIRST_MOMENT, LAST_MOMENT
from convoai.analysis.keys import KEYS
from convoai.analysis.result import ActionItem, Analysis, FactFound, Sentiment, TopicFound, Turn
from convoai.analysis.values import normalised

if TYPE_CHECKING:
    from convoai.analysis.model.answer import ActionSaid, Answer, FactSaid

MOST_FACTS = 300
MOST_TOPICS = 10
MOST_LINES = 5
MOST_ACTIONS = 30
LONGEST_SUMMARY = 2_000
# Signs that models straighten when they copy words.
ALIKE = {"'": "['’‘ʼ]", "’": "['’‘ʼ]", '"': '["“”„]', "“": '["“”„]', "”": '["“”„]'}

T = TypeVar("T")


def analysis_from(
    answers: Sequence[Answer], turns: Sequence[Turn], *, analyzer: str, version: str
) -> tuple[Analysis, int]:
    """The result, and how many items of the answers were dropped.

    Quotes that do not stand where the model says are kept as they are: the program's own check
    puts those facts up for review.
    """
    facts = [_fact(one, turns) for answer in answers for one in answer.facts]
    actions = [_action(one, turns) for answer in answers for one in answer.action_items]
    unmatched = facts.count(None) + actions.count(None)
    sure = sorted((fact for fact in facts if fact), key=lambda fact: -fact.confidence)
    promises = [item for item in actions if item]
    kept = _distinct(sure, _same_fact)[:MOST_FACTS]
    topics = [
        TopicFound(one.name, one.category, one.relevance)
        for answer in answers
        for one in answer.topics
    ]
    ranked = sorted(topics, key=lambda topic: -topic.relevance)
    analysis = Analysis(
        analyzer=analyzer,
        version=version,
        summary=_summary(answers),
        topics=_distinct(ranked, lambda topic: topic.name.casefold())[:MOST_TOPICS],
        facts=sorted(kept, key=lambda fact: (fact.source_message_id, fact.quote_start)),
        sentiment=_sentiment(answers),
        key_insights=_lines(answer.key_insights for answer in answers),
        suggested_topics=_lines(answer.suggested_topics for answer in answers),
        suggested_questions=_lines(answer.suggested_questions for answer in answers),
        action_items=_distinct(promises, lambda item: (item.who, normalised(item.text)))[
            :MOST_ACTIONS
        ],
    )
    return analysis, sum(answer.dropped for answer in answers) + unmatched


def said_in(quote: str, content: str) -> tuple[str, int]:
    """The quote as it stands in the message, and where; as given, at 0, when it does not.

    Other spaces and other quotation marks than in the message are forgiven, nothing else.
    """
    place = content.find(quote)
    if place >= 0:
        return quote, place
    words = ["".join(ALIKE.get(sign, re.escape(sign)) for sign in word) for word in quote.split()]
    found = re.search(r"\s+".join(words), content) if words else None
    return (found.group(), found.start()) if found else (quote, 0)


def _fact(said: FactSaid, turns: Sequence[Turn]) -> FactFound | None:
    """The fact; None when it names a message that is not in the talk."""
    turn = _turn(said.message, turns)
    if turn is None:
        return None
    quote, start = said_in(said.quote, turn.content)
    subject = said.subject.casefold()
    return FactFound(
        category=KEYS[said.key].category if said.key in KEYS else said.category,
        fact_key=said.key,
        fact_value=said.value,
        confidence=said.confidence,
        subject=subject if subject in {"partner", "user"} else said.subject,
        # What does not stand is shown for review, and must be storable.
        quote=quote.replace("\x00", ""),
        quote_start=start,
        source_message_id=turn.id,
        many_valued=is_many_valued(said.key),
        valid_from=_moment(said.since),
    )


def _action(said: ActionSaid, turns: Sequence[Turn]) -> ActionItem | None:
    """The promise; None when its words do not stand in the message it names."""
    turn = _turn(said.message, turns)
    if turn is None:
        return None
    quote, start = said_in(said.quote, turn.content)
    if not turn.content.startswith(quote, start):
        return None
    who = said.who.casefold()
    who = who if who in {"partner", "user"} else said.who
    return ActionItem(who, said.text, _day(said.due), quote, start, turn.id)


def _turn(number: int, turns: Sequence[Turn]) -> Turn | None:
    return turns[number - 1] if 1 <= number <= len(turns) else None


def _day(text: str | None) -> date | None:
    """A day as YYYY-MM-DD; None for anything else, and for years that are not stored."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if FIRST_MOMENT.date() <= day <= LAST_MOMENT.date() else None


def _moment(text: str | None) -> datetime | None:
    day = _day(text)
    return datetime.combine(day, time(), UTC) if day else None


def _same_fact(fact: FactFound) -> tuple[str, str, str]:
    return fact.subject.casefold(), fact.fact_key, normalised(fact.fact_value)


def _distinct(items: Iterable[T], key: Callable[[T], object]) -> list[T]:
    """The first of those that have the same key, in their order."""
    found: dict[object, T] = {}
    for item in items:
        found.setdefault(key(item), item)
    return list(found.values())


def _lines(parts: Iterable[Sequence[str]]) -> list[str]:
    """A few lines from all parts in turn, so that a talk's end is heard as well."""
    columns = [list(part) for part in parts]
    longest = max((len(column) for column in columns), default=0)
    mixed = [column[row] for row in range(longest) for column in columns if row < len(column)]
    return _distinct(mixed, normalised)[:MOST_LINES]


def _summary(answers: Sequence[Answer]) -> str:
    text = " ".join(answer.summary for answer in answers if answer.summary)
    if len(text) <= LONGEST_SUMMARY:
        return text
    cut = text[:LONGEST_SUMMARY]
    return cut[: cut.rfind(". ") + 1] or cut


def _sentiment(answers: Sequence[Answer]) -> Sentiment:
    """What most parts say; mixed when they do not agree."""
    most = Counter(answer.sentiment for answer in answers).most_common(2)
    return "mixed" if len(most) > 1 and most[0][1] == most[1][1] else most[0][0]
