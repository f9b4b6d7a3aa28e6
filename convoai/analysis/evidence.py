"""No quote, no fact: the program checks what an analyzer says it heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from convoai.analysis.result import ActionItem, FactFound, Turn

SPEAKERS = frozenset({"partner", "user"})


def checked(
    facts: Iterable[FactFound], turns: Sequence[Turn]
) -> tuple[list[FactFound], list[FactFound]]:
    """(facts that stand, facts that do not).

    A fact stands when its quote stands in the message it names and, if it is about one of the two
    speakers, that one said it. A quote at another place than said is set right.
    """
    said = {turn.id: turn for turn in turns}
    standing: list[FactFound] = []
    fallen: list[FactFound] = []
    for fact in facts:
        turn = said.get(fact.source_message_id)
        start = place_of(fact.quote, fact.quote_start, turn.content) if turn else None
        own = turn is not None and (fact.subject not in SPEAKERS or fact.subject == turn.sender)
        if start is None or not own:
            fallen.append(fact)
        else:
            standing.append(replace(fact, quote_start=start))
    return standing, fallen


def standing_promises(items: Iterable[ActionItem], turns: Sequence[Turn]) -> list[ActionItem]:
    """The promises whose quote stands in the message they name, set right where it does.

    Either speaker may have said it: what one asks for, the other is to do.
    """
    said = {turn.id: turn.content for turn in turns}
    standing = []
    for item in items:
        content = said.get(item.source_message_id, "")
        start = place_of(item.quote, item.quote_start, content)
        if start is not None:
            standing.append(replace(item, quote_start=start))
    return standing


def place_of(quote: str, start: int, content: str) -> int | None:
    """Where the quote stands in the content, in code points; None when nowhere."""
    if not quote.strip():
        return None
    if start >= 0 and content.startswith(quote, start):
        return start
    found = content.find(quote)
    return found if found >= 0 else None
