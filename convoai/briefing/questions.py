"""What to ask next time: stored questions that still make sense, and plans whose day has come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from convoai.briefing.dates import is_undated
from convoai.briefing.known import Known
from convoai.briefing.lines import Line, line_of_facts, line_of_talk
from convoai.briefing.talks import Talk
from convoai.briefing.wording import addressed, is_predicate

QUESTIONS_SHOWN = 6
PLANS_ASKED = 2
PLANS_REMEMBERED = timedelta(days=365)
SHORTEST_MENTION = 3


def questions(
    talks: Iterable[Talk], heard: Sequence[Known], live: Sequence[Known], moment: datetime
) -> list[Line]:
    """The newest first; `heard` are all facts heard so far, `live` those that hold.

    A question that rests on what no longer holds is left out.
    """
    lines = list(_about_plans(live, moment))[:PLANS_ASKED]
    alive = {fact.id for fact in live}
    asked = set()
    for talk in talks:
        for text in talk.questions if isinstance(talk.questions, list) else []:
            if not isinstance(text, str) or not text.strip() or text in asked:
                continue
            asked.add(text)
            mentioned = [fact for fact in heard if mentions(text, fact)]
            holding = [fact for fact in mentioned if fact.id in alive]
            if holding or not mentioned:
                lines.append(line_of_talk(text.strip(), talk, *holding))
    return lines[:QUESTIONS_SHOWN]


def _about_plans(live: Iterable[Known], moment: datetime) -> Iterator[Line]:
    for fact in live:
        if fact.key != "plan" or fact.subject != "partner" or is_undated(fact):
            continue
        if fact.valid_from and moment - PLANS_REMEMBERED < fact.valid_from <= moment:
            predicate = is_predicate(fact.key, fact.value, fact.origin, fact.review)
            said = addressed(fact.value) if predicate else None
            text = f"I remember that {said}." if said else f"You had planned: {fact.value}."
            yield line_of_facts(
                f"{text} What came of it?", fact, moment=moment, on=fact.valid_from.date()
            )


def mentions(text: str, fact: Known) -> bool:
    """Whether the text quotes the fact's evidence or names its value."""
    quote = fact.quote.strip().rstrip(" .!,")
    if quote and f"“{quote}”" in text:
        return True
    name = fact.value.partition(",")[0].strip()
    # Most names do not stand in it at all, which is told without making a pattern of each.
    if len(name) < SHORTEST_MENTION or name.casefold() not in text.casefold():
        return False
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None
