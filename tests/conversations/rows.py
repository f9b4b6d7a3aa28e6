"""Reading and writing the tables by SQL, as an operator with psql would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from conversations.models import ExtractedFact


def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows that a statement gives; none for a statement that gives nothing."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def check_deferred() -> None:
    """Make the database check now what it otherwise checks at the end of the transaction."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET CONSTRAINTS ALL DEFERRED")


def chain(partner: Any, values: Sequence[str], **fields: Any) -> list[ExtractedFact]:
    """Values of one key, each closed by the next; the last is current."""
    facts: list[ExtractedFact] = []
    for index, value in enumerate(values):
        if facts:
            ExtractedFact.objects.filter(pk=facts[-1].pk).update(
                is_current=False, valid_to=f"20{10 + index}-01-01T00:00:00Z"
            )
        fact = ExtractedFact.objects.create(
            user_id=partner.user_id,
            partner=partner,
            category="work",
            fact_key=fields.get("fact_key", "employer"),
            fact_value=value,
            valid_from=f"20{10 + index}-01-01T00:00:00Z",
            many_valued=fields.get("many_valued", False),
        )
        if facts:
            ExtractedFact.objects.filter(pk=facts[-1].pk).update(superseded_by=fact)
        facts.append(fact)
    return facts


def history(partner: Any) -> dict[str, tuple[bool, str | None]]:
    """value -> (is it current, the value that closed it) of all facts about a partner."""
    facts = ExtractedFact.objects.filter(partner=partner).select_related("superseded_by")
    return {
        fact.fact_value: (
            fact.is_current,
            fact.superseded_by.fact_value if fact.superseded_by else None,
        )
        for fact in facts
    }
