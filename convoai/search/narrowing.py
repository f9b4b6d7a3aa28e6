"""The part of a large scope that may answer a question, found by indexes.

Rare words first: which of the owner's words are rare is told by a sample of the newest messages.
The index of words answers for one owner alone, because each message holds its owner as a word;
the index of vectors' signs begins with the owner. Nothing here reads other people's rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from convoai.database.reading import reading_connection
from convoai.search.lexing import Prepared, Term, either
from convoai.search.rows import (
    HELD,
    JOINED,
    Frequencies,
    Rows,
    Vector,
    bit_columns,
    held_values,
    read,
    tests_of,
    unpacked,
    whole,
)
from convoai.search.scope import Scope
from convoai.search.scope_sql import moments_of, talks_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

SAMPLE = 500
# About so many messages are looked at for their words, and so many at most.
ENOUGH = 2_500
MOST = 8_000
# The best of these by words, and by meaning, are ranked with what stands around them.
BEST = 200
NEAREST_SIGNS = 300
NEAREST = 60
REACH = 2

SAMPLED = """
SELECT count(*), count(DISTINCT talk){bits} FROM (
    SELECT {held} AS held, message.conversation_id AS talk
    FROM {source} ORDER BY message.id DESC LIMIT %(sample)s
) AS row
"""
MATCHED = """
SELECT array_agg(talk)::text, array_agg(position)::text{bits} FROM (
    SELECT message.conversation_id AS talk, message.position, {held} AS held
    FROM {source} AND (message.search @@ %(wanted)s::tsquery OR (
        message.search_rest @> %(owner)s::text[] AND message.search_rest && %(lexemes)s::text[]))
    LIMIT %(most)s
) AS row
"""
# First the owner's messages by their signs, in the index alone; then the vectors of the best.
MEANT = """
WITH near AS MATERIALIZED (
    SELECT message.id FROM {source}
        AND message.embedding_model = %(model)s
        AND length(message.embedding_bits) = %(size)s
    ORDER BY message.embedding_bits <~> binary_quantize(%(vector)s::halfvec)
    LIMIT %(signs)s
)
SELECT array_agg(talk)::text, array_agg(position)::text FROM (
    SELECT message.conversation_id AS talk, message.position
    FROM near JOIN messages AS message USING (id)
    ORDER BY message.embedding <=> %(vector)s::halfvec LIMIT %(nearest)s
) AS row
"""


@dataclass(frozen=True)
class Places:
    """Messages by talk and position."""

    talk: NDArray[Any]
    position: NDArray[Any]


def narrowed_rows(scope: Scope, prepared: Prepared, vector: Vector | None) -> Rows | None:
    """The messages of a large scope that are likeliest to answer; None when there are none.

    At most four queries.
    """
    import numpy as np

    known = sampled(scope, prepared)
    found, bits = matched(scope, prepared, known)
    exact = counted(bits, known, prepared)
    best = best_by_words(found, bits, exact)
    if vector is not None and not prepared.required:
        meant = nearest(scope, vector)
        best = Places(np.r_[best.talk, meant.talk], np.r_[best.position, meant.position])
    if not len(best.talk):
        return None
    talks, values = talks_of(scope)
    values |= windows(best)
    source = (
        "unnest(%(talks)s::bigint[], %(first)s::integer[], %(last)s::integer[])"
        " AS part (talk, first, last)"
        " JOIN messages AS message ON message.conversation_id = part.talk"
        " AND message.position BETWEEN part.first AND part.last"
        f" JOIN conversations AS talk ON talk.id = message.conversation_id WHERE {talks}"
    )
    return read(source, values, scope, prepared, vector, exact)


def source_of(scope: Scope) -> tuple[str, dict[str, Any]]:
    """The FROM and WHERE of a scope; the talks are read only where a filter needs them."""
    talks, values = talks_of(scope)
    moments, more = moments_of(scope)
    values |= more
    if scope.partner_id is None and scope.conversation_id is None and scope.topic is None:
        return f"messages AS message WHERE message.user_id = %(user_id)s{moments}", values
    return f"{JOINED} WHERE {talks}{moments}", values


def sampled(scope: Scope, prepared: Prepared) -> Frequencies:
    """The frequencies of the terms in a scope, estimated from its newest messages."""
    import numpy as np

    source, values = source_of(scope)
    values |= held_values(prepared) | {"sample": SAMPLE}
    sql = SAMPLED.format(bits=bit_columns(tests_of(prepared), values), held=HELD, source=source)
    with reading_connection().cursor() as cursor:
        cursor.execute(sql, values)
        count, talks, *told = cursor.fetchone()
    terms = len(prepared.terms)
    messages = max(prepared.size, round(prepared.talks * count / max(talks, 1)))
    if not count or not terms:
        return Frequencies(messages, prepared.talks, np.zeros(terms), np.zeros(terms))
    share = np.concatenate([unpacked(whole(text)) for text in told]).mean(axis=1)
    numbers = share * messages
    return Frequencies(messages, prepared.talks, numbers[:terms], numbers[terms : 2 * terms])


def wanted_query(terms: list[Term], known: Frequencies) -> str:
    """A tsquery for messages with a rare word, or with two that are not rare together."""
    import numpy as np

    rarest = np.argsort(known.holds, kind="stable")
    taken: list[Term] = []
    rest: list[int] = []
    expected = 0.0
    for place in rarest.tolist():
        number = known.holds[place]
        if number <= MOST and (expected + number <= ENOUGH or not taken):
            taken.append(terms[place])
            expected += number
        else:
            rest.append(place)
    pairs = [
        f"({terms[one].query}) & ({terms[two].query})"
        for one, two in combinations(rest, 2)
        if known.holds[one] * known.holds[two] <= ENOUGH * known.messages
    ]
    return either([*(term.query for term in taken), *pairs[:20]] or [terms[rarest[0]].query])


def matched(
    scope: Scope, prepared: Prepared, known: Frequencies
) -> tuple[Places, NDArray[np.bool_]]:
    """Messages that hold words of the question, and which of the terms (a row per term)."""
    import numpy as np

    nothing = Places(whole("{}"), whole("{}")), np.zeros((len(prepared.terms), 0), dtype=bool)
    if not prepared.terms and not prepared.together:
        return nothing
    queries = prepared.together or [wanted_query(prepared.terms, known)]
    source, values = source_of(scope)
    # The owner's word is in the index already; that of all the owner's messages is not to be read.
    source = source.replace("message.user_id =", "message.user_id + 0 =")
    values |= held_values(prepared)
    # Words of time are only looked for in messages that are found anyway.
    values["lexemes"] = [one for term in prepared.terms for one in term.lexemes]
    owner = f"owner {scope.user_id}"
    values |= {
        "wanted": " & ".join([f"'{owner}'", *(f"({query})" for query in queries)]),
        "owner": [owner],
        "most": MOST,
    }
    tests = [term.query for term in prepared.terms]
    sql = MATCHED.format(bits=bit_columns(tests, values), held=HELD, source=source)
    with reading_connection().cursor() as cursor:
        cursor.execute(sql, values)
        talk, position, *told = cursor.fetchone()
    if talk is None:
        return nothing
    bits = [unpacked(whole(text)) for text in told]
    held = np.concatenate(bits)[: len(tests)] if bits else nothing[1]
    order = np.lexsort((whole(position), whole(talk)))
    return Places(whole(talk)[order], whole(position)[order]), held[:, order]


def counted(bits: NDArray[Any], known: Frequencies, prepared: Prepared) -> Frequencies:
    """The estimate, mended by what was found: rare words are counted exactly."""
    import numpy as np

    return Frequencies(
        known.messages, known.talks, np.maximum(known.holds, bits.sum(axis=1)), known.forms
    )


def best_by_words(found: Places, bits: NDArray[Any], known: Frequencies) -> Places:
    """The best of the found messages by the rarity of the words they and their neighbours hold."""
    import numpy as np

    from convoai.search.signals import rarities

    if len(found.talk) <= BEST:
        return found
    weights = bits * rarities(known.holds, known.messages)[:, None]
    around = weights
    for step in range(1, REACH + 1):
        close = (found.talk[step:] == found.talk[:-step]) & (
            found.position[step:] - found.position[:-step] <= REACH
        )
        wider = around.copy()
        wider[:, :-step] = np.maximum(wider[:, :-step], weights[:, step:] * close)
        wider[:, step:] = np.maximum(wider[:, step:], weights[:, :-step] * close)
        around = wider
    score = around.sum(axis=0) + weights.sum(axis=0)
    chosen = np.sort(np.argsort(-score, kind="stable")[:BEST])
    return Places(found.talk[chosen], found.position[chosen])


def nearest(scope: Scope, vector: Vector) -> Places:
    """The messages of a scope that mean most nearly the same."""
    source, values = source_of(scope)
    values |= {"model": vector.model, "size": vector.dimensions, "vector": vector.text}
    values |= {"signs": NEAREST_SIGNS, "nearest": NEAREST}
    with reading_connection().cursor() as cursor:
        cursor.execute(MEANT.format(source=source), values)
        talk, position = cursor.fetchone()
    return Places(whole(talk or "{}"), whole(position or "{}"))


def windows(best: Places) -> dict[str, Any]:
    """The stretches of talks around messages, without overlap, as values of a query."""
    talks: list[int] = []
    first: list[int] = []
    last: list[int] = []
    for talk, position in sorted(zip(best.talk.tolist(), best.position.tolist(), strict=True)):
        low, high = max(position - REACH, 0), position + REACH
        if talks and talks[-1] == talk and low <= last[-1] + 1:
            last[-1] = max(last[-1], high)
        else:
            talks.append(talk)
            first.append(low)
            last.append(high)
    return {"talks": talks, "first": first, "last": last}
