"""The facts that answer a question: by their key, value, category, subject and quote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conversations.models import ExtractedFact
from convoai.database.reading import reading_connection
from convoai.search.parameters import Search
from convoai.search.queries import owner_lexeme, query_of
from convoai.search.results import Hit, Hits, Result, rows_of

# Of a word that stands in more facts than this, the newest are ranked.
MOST_RANKED = 2_000
# What a word counts in a quote, in category and subject, and in key and value.
WEIGHTS = "{0, 0.3, 0.6, 1.0}"
LEXEMES = "convoai_fact_words(user_id, category, fact_key, fact_value, subject, quote)"
# All that is found stands first, or the planner would walk through everybody's newest facts.
FIND = """
WITH found AS MATERIALIZED (
    SELECT id FROM extracted_facts
    WHERE {lexemes} @@ (%s::tsquery && ({condition})) AND numnode({condition}) > 0 {filters}
)
SELECT id, ts_rank('{weights}', {lexemes}, {wanted}) * (0.5 + confidence / 2) AS score
FROM extracted_facts
WHERE id IN (SELECT id FROM found ORDER BY id DESC LIMIT {most})
ORDER BY score DESC, id DESC
LIMIT %s OFFSET %s
"""


def find_facts(search: Search, limit: int, offset: int) -> Hits:
    """The owner's current facts that hold words of the question.

    Read by idx_facts_search alone; the filters narrow what it finds.
    """
    query = query_of(search.question)
    filters, values = filters_of(search)
    statement = FIND.format(
        weights=WEIGHTS,
        wanted=query.wanted,
        condition=query.condition,
        lexemes=LEXEMES,
        filters=filters,
        most=MOST_RANKED,
    )
    parameters = [
        owner_lexeme(search.scope.user_id),
        *query.conditions,
        *query.conditions,
        *values,
        *query.parameters,
        limit,
        offset,
    ]
    with reading_connection().cursor() as cursor:
        cursor.execute(statement, parameters)
        found = cursor.fetchall()
    hits = [Hit(pk, score, {"words": score}) for pk, score in found]
    return Hits(hits, "text", search.question.dropped)


def filters_of(search: Search) -> tuple[str, list[Any]]:
    """Conditions on facts, and their values."""
    scope = search.scope
    asked: list[tuple[str, Any]] = [
        ("user_id = %s", scope.user_id),
        ("is_current = %s", True),
        ("review <> %s", "rejected"),
        ("partner_id = %s", scope.partner_id),
        ("conversation_id = %s", scope.conversation_id),
        ("lower(category) = lower(%s)", search.category),
        ("extracted_at >= %s", scope.since),
        ("extracted_at < %s", scope.until),
        (
            "conversation_id IN (SELECT conversation_id FROM conversation_topics "
            "WHERE topic_id = %s)",
            scope.topic,
        ),
        (
            "source_message_id IN (SELECT id FROM messages WHERE sender = %s)",
            scope.sender,
        ),
    ]
    wanted = [(condition, value) for condition, value in asked if value is not None]
    return "".join(f" AND {one}" for one, _ in wanted), [value for _, value in wanted]


def read_facts(user_id: int, hits: Sequence[Hit]) -> list[Result]:
    """The facts of these hits that are the user's, in the order of the hits."""
    columns = (
        "partner_id",
        "partner__name",
        "conversation_id",
        "source_message_id",
        "category",
        "fact_key",
        "fact_value",
        "quote",
        "is_current",
        "extracted_at",
    )
    return [
        Result(
            "fact",
            hit.id,
            hit.score,
            conversation_id=row["conversation_id"],
            partner_id=row["partner_id"],
            partner_name=row["partner__name"],
            title=row["fact_key"],
            timestamp=row["extracted_at"],
            message_id=row["source_message_id"],
            category=row["category"],
            is_current=row["is_current"],
            signals=hit.signals,
            language="english",
            texts=(f"{row['fact_key'].replace('_', ' ')}: {row['fact_value']}", row["quote"]),
        )
        for hit, row in rows_of(ExtractedFact, user_id, hits, *columns)
    ]
