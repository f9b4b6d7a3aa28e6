"""The talks that answer a question: by title, summary and transcript, and by their messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conversations.models import Conversation, Message
from convoai.database.reading import reading_connection
from convoai.search.lexing import Prepared, either, prepare
from convoai.search.messages import search_messages
from convoai.search.parameters import Search
from convoai.search.queries import owner_lexeme
from convoai.search.question import Question
from convoai.search.results import Hit, Hits, Result, rows_of
from convoai.search.scope import Scope
from convoai.search.scope_sql import talks_of

# The best messages, which speak for their talks; talks beyond theirs follow by their words.
MESSAGES_ASKED = 300
# Of words that stand in more talks than this, the newest are ranked.
MOST_RANKED = 2_000
# What a word counts in a transcript, (unused), in the summary and in the title.
WEIGHTS = "{0.1, 0, 0.6, 1.0}"
# The best message counts whole, each further one of its talk this much of the one before.
FURTHER = 0.3
WORDS_SHARE = 0.25
# All that is found stands first, or the planner would walk through everybody's newest talks.
FIND = """
WITH found AS MATERIALIZED (
    SELECT talk.id FROM conversations AS talk
    WHERE talk.transcript_search @@ %(condition)s::tsquery AND {scope}
)
SELECT id, ts_rank('{weights}', transcript_search, %(wanted)s::tsquery)
FROM conversations
WHERE id IN (SELECT id FROM found ORDER BY id DESC LIMIT {most}) AND user_id = %(user_id)s
"""


def find_talks(search: Search, limit: int, offset: int) -> Hits:
    """The owner's talks that hold the question's words, or messages that answer it.

    A talk's score is made of its best messages' and of its words' rank in title, summary and
    transcript (`transcript_search`, through idx_conversations_search).
    """
    messages = search_messages(
        scope=search.scope,
        question=search.question,
        mode=search.mode,
        limit=MESSAGES_ASKED,
    )
    signals, speaks = by_messages(search.scope.user_id, messages.hits)
    if messages.mode != "semantic" and search.scope.sender is None:
        for pk, share in by_words(search.scope, search.question).items():
            signals.setdefault(pk, {})["words"] = share * WORDS_SHARE
    hits = [Hit(pk, sum(parts.values()), parts, speaks.get(pk)) for pk, parts in signals.items()]
    hits.sort(key=lambda hit: (-hit.score, -hit.id))
    return Hits(
        hits[offset : offset + limit],
        messages.mode,
        tuple(messages.dropped),
        messages.not_embedded,
    )


def by_messages(
    user_id: int, found: Sequence[Any]
) -> tuple[dict[int, dict[str, float]], dict[int, int]]:
    """What each talk gets for its messages, at most about 1.4, and its best message."""
    keys = [hit.id for hit in found]
    rows = Message._base_manager.filter(user_id=user_id, pk__in=keys)
    talk_of = dict(rows.values_list("pk", "conversation_id")) if keys else {}
    signals: dict[int, dict[str, float]] = {}
    speaks: dict[int, int] = {}
    share: dict[int, float] = {}
    for hit in found:
        talk = talk_of.get(hit.id)
        if talk is None:
            continue
        speaks.setdefault(talk, hit.id)
        weight = share.get(talk, 1.0)
        parts = signals.setdefault(talk, {"messages": 0.0})
        parts["messages"] += weight / (1 + found[0].score - hit.score)
        share[talk] = weight * FURTHER
    return signals, speaks


def by_words(scope: Scope, question: Question) -> dict[int, float]:
    """The talks that hold the words, each with its rank as a share of the best one's."""
    prepared = prepare(scope, question, 0)
    wanted = either([term.query for term in prepared.terms])
    if not wanted:
        return {}
    statement, values = statement_of(scope, prepared, wanted)
    with reading_connection().cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchall()
    best = max((rank for _, rank in found), default=0.0) or 1.0
    return {pk: rank / best for pk, rank in found}


def statement_of(scope: Scope, prepared: Prepared, wanted: str) -> tuple[str, dict[str, Any]]:
    """The SQL that ranks talks by their words, and its values.

    The owner's word stands in the column, so that the index alone tells whose talks they are.
    """
    conditions = [owner_lexeme(scope.user_id), *(prepared.required or [wanted])]
    condition = " & ".join(f"({one})" for one in conditions)
    condition += "".join(f" & !({one})" for one in prepared.excluded)
    talks, values = talks_of(scope)
    values |= {"wanted": wanted, "condition": condition}
    for name, comparison in (("since", ">="), ("until", "<")):
        if getattr(scope, name) is not None:
            talks += f" AND talk.started_at {comparison} %({name})s"
            values[name] = getattr(scope, name)
    return FIND.format(weights=WEIGHTS, scope=talks, most=MOST_RANKED), values


def read_talks(user_id: int, hits: Sequence[Hit]) -> list[Result]:
    """The talks of these hits that are the user's, in the order of the hits."""
    keys = [hit.message_id for hit in hits if hit.message_id]
    rows = Message._base_manager.filter(user_id=user_id, pk__in=keys)
    said = dict(rows.values_list("pk", "content")) if keys else {}
    columns = ("title", "summary", "started_at", "language", "partner_id", "partner__name")
    return [
        Result(
            "conversation",
            hit.id,
            hit.score,
            conversation_id=hit.id,
            partner_id=row["partner_id"],
            partner_name=row["partner__name"],
            title=row["title"],
            timestamp=row["started_at"],
            message_id=hit.message_id,
            signals=hit.signals,
            language=row["language"],
            texts=tuple(
                text
                for text in (said.get(hit.message_id or 0), row["summary"], row["title"])
                if text
            ),
        )
        for hit, row in rows_of(Conversation, user_id, hits, *columns)
    ]
