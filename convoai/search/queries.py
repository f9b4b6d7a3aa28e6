"""A question as PostgreSQL's tsquery, for texts indexed by `convoai_search_text`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convoai.search.question import Question


@dataclass(frozen=True)
class Query:
    """SQL of a tsquery and its parameters.

    `wanted` is what ranks, `condition` what must hold: one of the words, all that is in quotes,
    nothing that is excluded.
    """

    wanted: str
    condition: str
    parameters: list[Any]
    conditions: list[Any]


def query_of(question: Question, config: str = "english") -> Query:
    """The query for a question whose words are stemmed in a language."""
    word = f"plainto_tsquery('{config}', convoai_query_text(%s))"
    phrase = f"phraseto_tsquery('{config}', convoai_query_text(%s))"
    wanted = [word] * len(question.words) + [phrase] * len(question.phrases)
    values = [*question.words, *question.phrases]
    any_of = f"({' || '.join(wanted)})" if wanted else "''::tsquery"
    conditions: list[str] = []
    terms: list[str] = []
    for alternatives in question.required:
        conditions.append(f"({' || '.join([phrase] * len(alternatives))})")
        terms += alternatives
    if not conditions and question.words:
        conditions, terms = [any_of], list(values)
    # Nothing but stop words: asks for nothing, and finds nothing.
    condition = " && ".join(conditions) or "''::tsquery"
    for term in question.excluded:
        condition += f" && !! {phrase}"
        terms.append(term)
    return Query(any_of, condition, values, terms)


def owner_lexeme(user_id: int) -> str:
    """The tsquery of the lexeme that stands for a user in the indexes of facts and partners."""
    return f"'owner {user_id}'"
