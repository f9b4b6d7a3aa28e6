"""The talks that are most like a talk: by meaning where it has a vector, else by words and topics.

Talks of its owner only, and never itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conversations.models import Conversation
from convoai.database.reading import reading_connection
from convoai.search.queries import owner_lexeme
from convoai.search.results import Hit, Result
from convoai.search.snippets import snippet
from convoai.search.talks import read_talks

MEANING, WORDS, NOTHING = "meaning", "words", "nothing"
# As many as the nearest by sign bits are compared exactly; zero-padded vectors need this many.
COMPARED = 400
# The talk's most telling words, and the newest talks that hold one of them.
WORDS_ASKED = 40
MOST_RANKED = 2_000
TOPICS_SHARE = 0.5
# The owner's rows are taken out first: a filtered scan of an index of everybody's vectors would
# miss most of them.
NEAREST = """
WITH mine AS MATERIALIZED (
    SELECT id, embedding_bits FROM conversations
    WHERE user_id = %(user)s AND embedding_model = %(model)s AND id <> %(talk)s
), asked AS MATERIALIZED (
    SELECT embedding, embedding_bits FROM conversations WHERE id = %(talk)s
), near AS MATERIALIZED (
    SELECT mine.id FROM mine, asked
    ORDER BY mine.embedding_bits <~> asked.embedding_bits, mine.id LIMIT %(compared)s
)
SELECT other.id, 1 - (other.embedding <=> asked.embedding) AS likeness
FROM near JOIN conversations AS other ON other.id = near.id, asked
ORDER BY likeness DESC, other.id DESC LIMIT %(limit)s
"""
# Words of title and summary tell most (their weights come first), then those said most often.
ALIKE = """
WITH telling AS MATERIALIZED (
    SELECT string_agg(quote_literal(replace(lexeme, '\\', '\\\\')), ' | ')::tsquery AS query
    FROM (
        SELECT lexeme FROM conversations AS talk, unnest(transcript_search)
        WHERE talk.id = %(talk)s AND length(lexeme) > 2 AND lexeme NOT LIKE '%% %%'
        ORDER BY coalesce(weights[1], 'D'), cardinality(positions) DESC, length(lexeme) DESC, lexeme
        LIMIT %(words)s
    ) AS some_words
), found AS MATERIALIZED (
    SELECT talk.id FROM conversations AS talk, telling
    WHERE talk.transcript_search @@ (%(owner)s::tsquery && telling.query)
      AND talk.user_id = %(user)s AND talk.id <> %(talk)s
), by_words AS (
    SELECT id, ts_rank('{{0.1, 0.1, 0.6, 1.0}}', transcript_search, query) AS rank
    FROM conversations, telling
    WHERE id IN (SELECT id FROM found ORDER BY id DESC LIMIT %(most)s)
), by_topics AS (
    SELECT theirs.conversation_id AS id, count(*)::float / (
        SELECT count(*) FROM conversation_topics WHERE conversation_id = %(talk)s) AS shared
    FROM conversation_topics AS ours
    JOIN conversation_topics AS theirs USING (user_id, topic_id)
    WHERE ours.user_id = %(user)s AND ours.conversation_id = %(talk)s
      AND theirs.conversation_id <> %(talk)s
    GROUP BY theirs.conversation_id
)
SELECT id, coalesce(rank / nullif(max(rank) OVER (), 0), 0) AS words, coalesce(shared, 0) AS topics
FROM by_words FULL JOIN by_topics USING (id)
ORDER BY coalesce(rank / nullif(max(rank) OVER (), 0), 0) + {share} * coalesce(shared, 0) DESC,
    id DESC
LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Similar:
    """The talks most like one, best first, and by what they were found."""

    found_by: str
    results: list[Result]


def similar_talks(talk: Conversation, limit: int) -> Similar:
    """The owner's talks nearest to this one: `meaning`, `words` (and topics), or `nothing`."""
    hits = by_meaning(talk, limit)
    if hits:
        return Similar(MEANING, shown(talk, hits))
    hits = by_words(talk, limit)
    return Similar(WORDS if hits else NOTHING, shown(talk, hits))


def by_meaning(talk: Conversation, limit: int) -> list[Hit]:
    """Nothing when the talk has no vector, or no other talk one of its model."""
    if talk.embedding_model is None:
        return []
    values: dict[str, Any] = {
        "user": talk.user_id,
        "talk": talk.pk,
        "model": talk.embedding_model,
        "compared": max(COMPARED, limit),
        "limit": limit,
    }
    with reading_connection().cursor() as cursor:
        cursor.execute(NEAREST, values)
        found = cursor.fetchall()
    return [Hit(pk, likeness, {MEANING: likeness}) for pk, likeness in found]


def by_words(talk: Conversation, limit: int) -> list[Hit]:
    values: dict[str, Any] = {
        "user": talk.user_id,
        "talk": talk.pk,
        "owner": owner_lexeme(talk.user_id),
        "words": WORDS_ASKED,
        "most": MOST_RANKED,
        "limit": limit,
    }
    with reading_connection().cursor() as cursor:
        cursor.execute(ALIKE.format(share=TOPICS_SHARE), values)
        found = cursor.fetchall()
    return [
        Hit(pk, words + TOPICS_SHARE * topics, {"words": words, "topics": TOPICS_SHARE * topics})
        for pk, words, topics in found
    ]


def shown(talk: Conversation, hits: list[Hit]) -> list[Result]:
    """The talks with the beginning of what they are about as their snippet."""
    results = read_talks(talk.user_id, hits)
    for result in results:
        result.snippet = snippet(result.texts[0], ()) if result.texts else ""
    return results
