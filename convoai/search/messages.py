"""The messages that answer a question, best first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convoai.database.reading import reading_connection
from convoai.embedding.choice import embedder
from convoai.embedding.embedder import EmbeddingFailed
from convoai.search.lexing import Prepared, prepare
from convoai.search.narrowing import narrowed_rows
from convoai.search.question import Question
from convoai.search.ranking import shares
from convoai.search.rows import Rows, Vector, all_rows
from convoai.search.scope import Scope
from convoai.search.signals import signals

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODES = ("hybrid", "text", "semantic")
# A scope of so many messages is ranked whole; of a larger one, the best by words and by meaning.
SMALL = 2_000
# Of the messages that share no word with the question, so many of the nearest are found.
NEAREST = 100
# Three ranges of one index; "another model" is no range.
UNEMBEDDED = """
SELECT count(*) FROM (
    (SELECT FROM messages WHERE user_id = %(user_id)s AND embedding_model IS NULL LIMIT 10000)
    UNION ALL
    (SELECT FROM messages WHERE user_id = %(user_id)s AND embedding_model < %(model)s LIMIT 10000)
    UNION ALL
    (SELECT FROM messages WHERE user_id = %(user_id)s AND embedding_model > %(model)s LIMIT 10000)
) AS message
"""


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
    vector = None if mode == "text" else vector_of(question)
    if vector is None:
        mode = "text"
    prepared = prepare(scope, question, SMALL)
    is_small = prepared.size <= SMALL
    rows = (all_rows if is_small else narrowed_rows)(scope, prepared, vector)
    hits = ranked(rows, prepared, question, mode, limit, offset) if rows else []
    missing = None
    if vector is not None:
        missing = unembedded(rows) if is_small else unembedded_of(scope, vector.model)
    return MessageHits(hits, prepared.dropped, missing, mode)


def unembedded(rows: Rows | None) -> int:
    """How many messages the model that was asked has not seen."""
    return 0 if rows is None else int((~rows.embedded).sum())


def unembedded_of(scope: Scope, model: str) -> int:
    """The same for all of an owner's messages, counted up to 10,000."""
    with reading_connection().cursor() as cursor:
        cursor.execute(UNEMBEDDED, {"user_id": scope.user_id, "model": model})
        return int(cursor.fetchone()[0])


def vector_of(question: Question) -> Vector | None:
    """The question for the embedder that works here; None without one, or when it fails."""
    chosen = embedder()
    if chosen is None or not question.meaning.strip():
        return None
    try:
        numbers = chosen.embed([question.meaning])[0]
    except EmbeddingFailed:
        return None
    if not any(numbers):
        return None
    text = "[" + ",".join(f"{number:.6g}" for number in numbers) + "]"
    return Vector(chosen.name, chosen.dimensions, text)


def ranked(
    rows: Rows, prepared: Prepared, question: Question, mode: str, limit: int, offset: int
) -> list[MessageHit]:
    """One page of the messages that have to do with the question, best first."""
    import numpy as np

    found = signals(rows, prepared, question)
    parts = shares(found, mode)
    score = np.sum(list(parts.values()), axis=0)
    chosen = np.flatnonzero(rows.kept & related(found, question))
    # Of equals the newer one comes first; ids make the order of pages certain.
    order = chosen[np.lexsort((-rows.id[chosen], -rows.moment[chosen], -score[chosen]))]
    return [
        MessageHit(
            int(rows.id[place]),
            float(score[place]),
            {name: float(part[place]) for name, part in parts.items() if part[place]},
        )
        for place in order[offset : offset + limit]
    ]


def related(found: dict[str, Any], question: Question) -> NDArray[Any]:
    """Whether a message, or one beside it, holds a word of the question or means alike.

    The answer to a sentence that asks may also stand farther away in the same talk.
    """
    import numpy as np

    near: NDArray[Any] = (found["around"] > 0) | (found["forms"] > 0) | (found["near_date"] > 0.1)
    if question.is_asking:
        near |= found["talk"] > 0
    near |= found["named_partner"] > 0
    if not near.any():
        near = (found["in_month"] > 0) | (found["speaker"] > 0)
    if "meaning" in found:
        nearest = np.argsort(-found["meaning"], kind="stable")[:NEAREST]
        near[nearest[found["meaning"][nearest] > 0]] = True
    return near
