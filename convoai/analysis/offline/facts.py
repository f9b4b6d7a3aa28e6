"""The facts of a talk: rules first, then telling statements of messages worth reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from conversations.fact_keys import is_many_valued
from convoai.analysis.offline.reading import ReadTurn
from convoai.analysis.offline.statements import Statement, quote_of, statements_of
from convoai.analysis.offline.weights import WORTH_READING
from convoai.analysis.offline.worth import worths
from convoai.analysis.result import FactFound


def facts_of(talk: Sequence[ReadTurn], started_at: datetime) -> list[FactFound]:
    """All facts of the talk, in the order of their messages, none twice."""
    found: list[FactFound] = []
    for read, worth in zip(talk, worths(talk), strict=True):
        said_at = read.turn.timestamp or started_at
        if worth < WORTH_READING:
            continue
        found += [_fact(read, statement, worth) for statement in statements_of(read, said_at)]
    return found


def _fact(read: ReadTurn, statement: Statement, worth: float) -> FactFound:
    quote, start = quote_of(read, statement.clause)
    return FactFound(
        category=statement.category,
        fact_key=statement.key,
        fact_value=statement.value,
        confidence=round(min(0.9, 0.3 + worth / 2), 2),
        subject=read.turn.sender,
        quote=quote,
        quote_start=start,
        source_message_id=read.turn.id,
        many_valued=is_many_valued(statement.key),
        valid_from=statement.valid_from,
    )
