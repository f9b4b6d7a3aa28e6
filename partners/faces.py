"""Finding partners by the vector of a face.

Vectors are 16 KB each and lie in a second table, where reading one takes ten times as long as
comparing it. So a search first looks at the sign bits (0.5 KB, in the row itself), and then
compares the vectors of the nearest few hundred exactly. With fewer rows than that it is exact
altogether.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection, transaction

from convoai.embedding.vectors import real_size
from convoai.refusals import Refusal
from partners.models import ConversationPartner

# How many of the nearest by sign bits are compared exactly: of one owner's faces, and when they are
# many. Measured in docs/embedding.md. Of a padded vector only the bits of its own numbers tell
# anything, so more must be looked at.
FEW_CANDIDATES, MANY_CANDIDATES, MANY_CANDIDATES_PADDED = 200, 100, 400
MANY = 10_000
# The same of everybody's.
CANDIDATES, CANDIDATES_PADDED = 100, 240
PADDED = 1024

# A materialised scope, so that no plan can walk through everybody's index and drop the rows of
# others afterwards: that misses most of the right ones, in silence. The distance is worked out in
# the scope, so what is kept of each row is two numbers. LIMIT 1 keeps the planner from comparing
# all vectors before it joins them.
OF_ONE_OWNER = """
WITH scope AS MATERIALIZED (
    SELECT id, image_embedding_bits <~> binary_quantize(%(vector)s::vector)::bit(4096) AS distance
    FROM conversation_partners
    WHERE user_id = %(owner)s AND image_embedding_bits IS NOT NULL
      AND image_embedding_model IS NOT DISTINCT FROM %(model)s
), nearest AS MATERIALIZED (
    SELECT id FROM scope ORDER BY distance, id LIMIT (
        SELECT CASE WHEN count(*) > %(many)s THEN %(most)s ELSE %(candidates)s END
        FROM (SELECT FROM scope LIMIT %(many)s + 1) AS counted
    )
)
SELECT id, cosine FROM nearest, LATERAL (
    SELECT 1 - (image_embedding <=> %(vector)s::vector) AS cosine
    FROM conversation_partners AS partner WHERE partner.id = nearest.id LIMIT 1
) AS compared
WHERE cosine >= %(least)s ORDER BY cosine DESC, id LIMIT %(top)s
"""

# The ORDER BY of the index, without any condition: its scan gives as many rows as ef_search.
OF_EVERYBODY = """
WITH nearest AS MATERIALIZED (
    SELECT id FROM conversation_partners
    ORDER BY image_embedding_bits <~> binary_quantize(%(vector)s::vector)::bit(4096)
    LIMIT %(candidates)s
)
SELECT id, cosine FROM nearest, LATERAL (
    SELECT 1 - (image_embedding <=> %(vector)s::vector) AS cosine
    FROM conversation_partners AS partner WHERE partner.id = nearest.id LIMIT 1
) AS compared
WHERE cosine >= %(least)s ORDER BY cosine DESC, id LIMIT %(top)s
"""

# Three looks into an index, however many faces there are.
MODELS = """
SELECT (SELECT min(image_embedding_model) FROM conversation_partners
        WHERE user_id = %(owner)s AND image_embedding_bits IS NOT NULL),
       (SELECT max(image_embedding_model) FROM conversation_partners
        WHERE user_id = %(owner)s AND image_embedding_bits IS NOT NULL),
       EXISTS (SELECT FROM conversation_partners
               WHERE user_id = %(owner)s AND image_embedding_bits IS NOT NULL
                 AND image_embedding_model IS NULL),
       EXISTS (SELECT FROM conversation_partners
               WHERE user_id = %(owner)s AND image_embedding_bits IS NOT NULL
                 AND image_embedding_model = %(model)s)
"""


@dataclass(frozen=True)
class Match:
    """A partner, and how alike the faces are: (cosine + 1) / 2, so 1 is the same vector."""

    partner: ConversationPartner
    similarity: float


def match_face(
    *, owner: Any, vector: Sequence[float], top: int, threshold: float, model: str | None = None
) -> list[Match]:
    """The owner's partners whose face is nearest to a stored vector, best first.

    `threshold` is the least similarity. Only faces of `model` are compared; without one, there must
    be one model only. Raises Refusal `model_mismatch`.
    """
    one, other, has_unknown, has_asked = _run(MODELS, {"owner": owner.pk, "model": model})[0]
    known = {name for name in (one, other) if name is not None}
    if not known and not has_unknown:
        return []
    if model is None and len(known) + has_unknown > 1:
        raise Refusal(
            "model_mismatch",
            "Your partners' faces come from several models: say with `model` which one made this "
            "embedding.",
        )
    if model is not None and not has_asked:
        raise Refusal(
            "model_mismatch",
            "None of your partners' faces comes from this model, and faces of different models "
            "cannot be compared.",
        )
    found = nearest_of_owner(
        owner_id=owner.pk, vector=vector, model=model or one, top=top, threshold=threshold
    )
    rows = ConversationPartner.objects.owned_by(owner).in_bulk([pk for pk, _ in found])
    return [Match(rows[pk], similarity) for pk, similarity in found if pk in rows]


def nearest_of_owner(
    *,
    owner_id: int,
    vector: Sequence[float],
    model: str | None,
    top: int,
    threshold: float = 0.0,
    candidates: int | None = None,
) -> list[tuple[int, float]]:
    """(number of the partner, similarity) of the nearest faces of one owner and one model."""
    many = MANY_CANDIDATES if real_size(vector) > PADDED else MANY_CANDIDATES_PADDED
    values = {
        **_values(vector, top, threshold, candidates or FEW_CANDIDATES),
        "owner": owner_id,
        "model": model,
        "many": MANY,
        "most": max(candidates or many, top),
    }
    return _similar(_run(OF_ONE_OWNER, values))


def nearest_of_everybody(
    *,
    vector: Sequence[float],
    top: int,
    threshold: float = 0.0,
    candidates: int | None = None,
) -> list[tuple[int, float]]:
    """The same among everybody's faces, for operators; runs through the index of sign bits."""
    if candidates is None:
        candidates = CANDIDATES_PADDED if real_size(vector) <= PADDED else CANDIDATES
    values = _values(vector, top, threshold, candidates)
    with transaction.atomic(), connection.cursor() as cursor:
        # The scan gives ef_search rows at most; set for this transaction only.
        cursor.execute("SELECT set_config('hnsw.ef_search', %(candidates)s::text, true)", values)
        cursor.execute(OF_EVERYBODY, values)
        return _similar(cursor.fetchall())


def _values(vector: Sequence[float], top: int, threshold: float, candidates: int) -> dict[str, Any]:
    return {
        "vector": vector_text(vector),
        "top": top,
        # Rounding of the last digits must not lose a vector at the threshold.
        "least": 2 * threshold - 1 - 1e-6,
        "candidates": max(candidates, top),
    }


def vector_text(vector: Sequence[float]) -> str:
    """The vector as the database reads it, in single precision: half the digits."""
    import numpy as np

    rounded = np.asarray(vector, dtype=np.float32)
    return orjson.dumps(rounded, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _similar(rows: Sequence[Sequence[Any]]) -> list[tuple[int, float]]:
    return [(pk, min(max((cosine + 1) / 2, 0.0), 1.0)) for pk, cosine in rows]


def _run(statement: str, values: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
