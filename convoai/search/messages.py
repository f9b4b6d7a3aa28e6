"""The messages that answer a question, best first."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F

from conversations.models import Message
from convoai.search.question import Question
from convoai.search.scope import Scope

MODES = ("hybrid", "text", "semantic")


@dataclass(frozen=True)
class MessageHit:
    """A message's id, its score (higher is better) and what each signal adds to it."""

    id: int
    score: float
    signals: dict[str, float]


@dataclass(frozen=True)
class MessageHits:
    """One page of a search.

    `dropped`: words of the question that were not searched. `not_embedded`: messages of the
    scope that the embedder's model has not seen, None when none was asked. `mode`: the one
    really used, "text" where no embedder is.
    """

    hits: list[MessageHit]
    dropped: list[str] = field(default_factory=list)
    not_embedded: int | None = None
    mode: str = "text"


def search_messages(
    *, scope: Scope, question: Question, mode: str = "hybrid", limit: int, offset: int = 0
) -> MessageHits:
    """The messages of a scope that answer a question best, from the `offset`-th on."""
    query = None
    for word in question.words:
        one = SearchQuery(word, config="english", search_type="plain")
        query = one if query is None else query | one
    for phrase in question.phrases:
        one = SearchQuery(phrase, config="english", search_type="phrase")
        query = one if query is None else query | one
    if query is None:
        return MessageHits([], list(question.dropped))
    rows = Message.objects.filter(user_id=scope.user_id, search=query)
    if scope.partner_id is not None:
        rows = rows.filter(conversation__partner_id=scope.partner_id)
    if scope.conversation_id is not None:
        rows = rows.filter(conversation_id=scope.conversation_id)
    if scope.topic is not None:
        rows = rows.filter(conversation__topics=scope.topic)
    if scope.sender is not None:
        rows = rows.filter(sender=scope.sender)
    if scope.since is not None:
        rows = rows.filter(timestamp__gte=scope.since)
    if scope.until is not None:
        rows = rows.filter(timestamp__lt=scope.until)
    for term in question.excluded:
        rows = rows.exclude(search=SearchQuery(term, config="english", search_type="phrase"))
    ranked = rows.annotate(rank=SearchRank(F("search"), query)).order_by("-rank", "-pk")
    found = ranked.values_list("pk", "rank")[offset : offset + limit]
    hits = [MessageHit(pk, float(rank), {"words": float(rank)}) for pk, rank in found]
    return MessageHits(hits, list(question.dropped))
