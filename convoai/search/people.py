"""The partners that a question names or describes, also by the beginning of a word or mistyped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from convoai.database.reading import reading_connection
from convoai.search.folding import STEMS_KNOWN, folded, is_unspaced, words_of
from convoai.search.nearness import is_near
from convoai.search.parameters import Search
from convoai.search.queries import owner_lexeme
from convoai.search.question import Question
from convoai.search.results import Hit, Hits, Result, rows_of
from partners.models import ConversationPartner

# Of a word that fits more partners than this, the first are ranked.
MOST_RANKED = 2_000
FIELDS = ("name", "relationship", "email", "phone", "notes")
# How much a word counts where it stands, and how well it fits there.
PLACES = {"name": 1.0, "relationship": 0.7, "email": 0.7, "phone": 0.9, "notes": 0.4}
WHOLE, STEM, BEGINNING, NEAR = 1.0, 0.9, 0.8, 0.6
NOTES_READ = 20_000
NOT_DIGITS = re.compile(r"[^0-9]+")
FIND = """
WITH found AS MATERIALIZED (
    SELECT id, name, relationship, email, phone, notes FROM conversation_partners
    WHERE convoai_partner_words(user_id, name, relationship, email, phone, notes)
          @@ (%s::tsquery && convoai_partner_query(%s, %s))
      AND numnode(convoai_partner_query(%s, %s)) > 0
      AND user_id = %s {filters}
)
SELECT id, name, relationship, email, phone, left(notes, {read}) FROM found
ORDER BY id LIMIT {most}
"""


def find_partners(search: Search, limit: int, offset: int) -> Hits:
    """The owner's partners whose name, relationship, address, number or notes hold its words.

    Read by idx_partners_search alone. Of the filters, `partner_id` and `conversation_id` narrow
    them; nobody says who a partner is at some time or about some topic.
    """
    terms = terms_of(search)
    owner, scope, filters = search.scope.user_id, search.scope, ""
    values: list[Any] = [owner_lexeme(owner), owner, terms, owner, terms, owner]
    if scope.partner_id is not None:
        filters += " AND id = %s"
        values.append(scope.partner_id)
    if scope.conversation_id is not None:
        filters += " AND id = (SELECT partner_id FROM conversations WHERE user_id = %s AND id = %s)"
        values += [owner, scope.conversation_id]
    with reading_connection().cursor() as cursor:
        cursor.execute(FIND.format(filters=filters, read=NOTES_READ, most=MOST_RANKED), values)
        rows = cursor.fetchall()
    people = [(pk, known_words(dict(zip(FIELDS, texts, strict=True)))) for pk, *texts in rows]
    begun = {term[:1] for term in terms}
    STEMS_KNOWN.learn(
        ("english", word)
        for _, known in people
        for words in known.values()
        for word in words
        if word[:1] in begun
    )
    hits = []
    for pk, known in people:
        signals = fits(terms, known)
        if signals and is_allowed(search.question, known):
            hits.append(Hit(pk, sum(signals.values()), signals))
    hits.sort(key=lambda hit: (-hit.score, hit.id))
    return Hits(hits[offset : offset + limit], "text", search.question.dropped)


def terms_of(search: Search) -> list[str]:
    """The folded words to look for: without stop words, unless there are no others."""
    typed = [*search.question.words, *search.question.phrases]
    words = list(dict.fromkeys(word for text in typed for word in folded_words(text)))
    STEMS_KNOWN.learn(("english", word) for word in words)
    return [word for word in words if STEMS_KNOWN.of("english", word)] or words


def folded_words(text: str | None) -> list[str]:
    return [folded(word) for _, _, word in words_of(text or "")]


def known_words(texts: dict[str, str | None]) -> dict[str, list[str]]:
    """The folded words of each part; a number also as it is dialled."""
    known = {name: folded_words(text) for name, text in texts.items()}
    known["phone"].append(NOT_DIGITS.sub("", texts["phone"] or ""))
    return known


def fits(terms: Sequence[str], known: dict[str, list[str]]) -> dict[str, float]:
    """What each part of a partner adds to the score: the share of the terms that it answers."""
    signals: dict[str, float] = {}
    for term in terms:
        answers = [
            (PLACES[name] * fit(term, word, name), name)
            for name, words in known.items()
            for word in words
        ]
        worth, name = max(answers, default=(0.0, ""))
        if worth:
            signals[name] = signals.get(name, 0.0) + worth / len(terms)
    return signals


def is_allowed(question: Question, known: dict[str, list[str]]) -> bool:
    """Whether all that is in quotes is there, and nothing that is excluded."""
    there = {word for words in known.values() for word in words}
    required = [
        any(there.issuperset(folded_words(phrase)) for phrase in alternatives)
        for alternatives in question.required
    ]
    excluded = [there.issuperset(folded_words(phrase)) for phrase in question.excluded]
    return all(required) and not any(excluded)


def fit(term: str, word: str, name: str) -> float:
    """How well a word of a partner answers a word of the question."""
    if word == term:
        return WHOLE
    if STEMS_KNOWN.of("english", word) & STEMS_KNOWN.of("english", term):
        return STEM
    if is_unspaced(term) and term in word:
        return BEGINNING
    if name == "notes":
        return 0.0
    if name == "phone" and len(term) > 2 and term in word:
        return WHOLE
    if len(term) > 1 and word.startswith(term):
        return BEGINNING
    if name == "name" and is_near(term, word):
        return NEAR
    return 0.0


def read_partners(user_id: int, hits: Sequence[Hit]) -> list[Result]:
    """The partners of these hits that are the user's, in the order of the hits."""
    return [
        Result(
            "partner",
            hit.id,
            hit.score,
            partner_id=hit.id,
            partner_name=row["name"],
            title=row["name"],
            timestamp=row["created_at"],
            signals=hit.signals,
            language="english",
            texts=described(row),
            loosely=True,
        )
        for hit, row in rows_of(ConversationPartner, user_id, hits, *FIELDS, "created_at")
    ]


def described(row: dict[str, Any]) -> tuple[str, ...]:
    """What a snippet may show: who it is in one line, and the notes."""
    line = " · ".join(row[name] for name in FIELDS[:-1] if row[name])
    return (line, (row["notes"] or "")[:NOTES_READ])
