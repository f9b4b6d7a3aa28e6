"""The messages that may answer a question, as arrays of what the signals need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convoai.database.reading import reading_connection
from convoai.search.asking import TIMES
from convoai.search.lexing import Prepared, either, quoted
from convoai.search.scope import Scope
from convoai.search.scope_sql import talks_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Truths = NDArray[np.bool_]

# Bits of one column of answers; a bigint has 63.
BITS = 60
TIME_QUERY = either([quoted(word) for word in TIMES])
# Longer messages are segments of a transcript; the marks at their ends tell nothing.
LONGEST_TURN = 4_000

COLUMNS = """
    array_agg(id)::text, array_agg(talk)::text, array_agg(position)::text,
    array_agg(partner)::text, array_agg(is_user)::text, array_agg(speaker),
    array_agg(moment)::text, array_agg(size)::text, array_agg(coalesce(length(held), 0))::text,
    array_agg(asks)::text, array_agg(kept)::text, array_agg(meaning)::text{bits}
"""
# strip() reads a stored search column once, however many words are looked up in it.
INNER = """
    SELECT message.id, message.conversation_id AS talk, message.position,
        talk.partner_id AS partner, (message.sender = 'user')::integer AS is_user,
        message.speaker, extract(epoch FROM message.timestamp)::bigint AS moment,
        octet_length(message.content) AS size, {held} AS held,
        CASE WHEN octet_length(message.content) > {longest} THEN 0 ELSE
            (right(rtrim(message.content), 1) IN ('?', '？', '؟'))::integer
            + 2 * (strpos(message.content, '?') > 0 OR strpos(message.content, '？') > 0
                   OR strpos(message.content, '؟') > 0)::integer END AS asks,
        ({kept})::integer AS kept, {meaning} AS meaning
    FROM {source}
    ORDER BY message.conversation_id, message.position
    OFFSET 0
"""
# The owner is asked of the talk alone: a foreign key sees to it that messages have the same, and
# the planner shall not read the owner's whole index for each talk.
JOINED = "messages AS message JOIN conversations AS talk ON talk.id = message.conversation_id"
# The words beyond the first 100,000 characters: of these, only those that are looked for.
HELD = """
    CASE WHEN message.search_rest IS NULL THEN strip(message.search) ELSE
        strip(message.search) || array_to_tsvector(ARRAY(
            SELECT DISTINCT word FROM unnest(message.search_rest) AS word
            WHERE word = ANY(%(lexemes)s::text[]) OR word ^@ ANY(%(beginnings)s::text[]))) END
"""
# Beyond the 16,383rd word a search column does not know the order of words.
IN_ORDER = """
    (message.search @@ %({name})s::tsquery OR octet_length(message.content) > 30000
     AND convoai_holds_in_order(message.conversation_id, message.content, %({name})s::tsquery))
"""
# A message of which the model knows no word has its name and no vector; no cosine is 2.
NO_WORD = 2
MEANING = """
    CASE WHEN message.embedding IS NULL AND message.embedding_model = %(model)s THEN 2
        WHEN message.embedding_model = %(model)s AND vector_dims(message.embedding) = %(size)s
            THEN (1 - (message.embedding <=> %(vector)s::halfvec))::real
        ELSE 'NaN' END
"""


@dataclass(frozen=True)
class Vector:
    """What a question means to a model: its name and the numbers, as PostgreSQL reads them."""

    model: str
    dimensions: int
    text: str


@dataclass(frozen=True)
class Frequencies:
    """How many messages and talks a scope has, and how many of its messages pass each test
    (`holds` and `forms`, one number per term)."""

    messages: int
    talks: int
    holds: Numbers
    forms: Numbers


@dataclass(frozen=True)
class Rows:
    """Messages in the order of their talks; every array has one entry per message.

    `holds` and `forms` have a row per term: whether the message holds it, or a word that begins
    alike. `meaning` is a cosine, NaN without a vector; `embedded` says whether the model has seen
    the message. `kept` are those that filters and phrases leave; the others only stand around.
    `frequencies` are those of the whole scope, of which these may be a part.
    """

    id: NDArray[Any]
    talk: NDArray[Any]
    position: NDArray[Any]
    partner: NDArray[Any]
    is_user: Truths
    speaker: list[str]
    moment: Numbers
    size: Numbers
    words: Numbers
    is_question: Truths
    has_question: Truths
    kept: Truths
    tells_time: Truths
    holds: Truths
    forms: Truths
    meaning: Numbers
    embedded: Truths
    frequencies: Frequencies

    def __len__(self) -> int:
        return len(self.id)


def all_rows(scope: Scope, prepared: Prepared, vector: Vector | None) -> Rows | None:
    """Every message of a scope; None when there is none. One query."""
    talks, values = talks_of(scope)
    source = f"{JOINED} WHERE {talks}"
    return read(source, values, scope, prepared, vector)


def read(
    source: str,
    values: dict[str, Any],
    scope: Scope,
    prepared: Prepared,
    vector: Vector | None,
    frequencies: Frequencies | None = None,
) -> Rows | None:
    """The messages of a FROM clause (aliases `message` and `talk`) and its values.

    Without `frequencies` they are taken to be the whole scope.
    """
    inner = INNER.format(
        longest=LONGEST_TURN,
        held=HELD,
        kept=kept_condition(scope, prepared, values),
        meaning=MEANING if vector else "'NaN'",
        source=source,
    )
    values |= held_values(prepared)
    if vector:
        values |= {"model": vector.model, "size": vector.dimensions, "vector": vector.text}
    time = TIME_QUERY if prepared.asks_when else quoted("")
    columns = COLUMNS.format(bits=bit_columns([*tests_of(prepared), time], values))
    with reading_connection().cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM ({inner}) AS row", values)  # noqa: S608
        found = cursor.fetchone()
    return None if found[0] is None else _rows(found, len(prepared.terms), frequencies)


def tests_of(prepared: Prepared) -> list[str]:
    """The tsqueries of all terms, then those of their other forms; '' where there are none."""
    forms = [term.forms or quoted("") for term in prepared.terms]
    return [term.query for term in prepared.terms] + forms


def held_values(prepared: Prepared) -> dict[str, Any]:
    """The values of HELD."""
    return {
        "lexemes": [*TIMES, *(one for term in prepared.terms for one in term.lexemes)],
        "beginnings": [one for term in prepared.terms for one in term.beginnings],
    }


def kept_condition(scope: Scope, prepared: Prepared, values: dict[str, Any]) -> str:
    """What a message itself must fulfil, as a condition; adds its values."""
    conditions = ["true"]
    for name, condition in (
        ("sender", "message.sender = %(sender)s"),
        ("since", "message.timestamp >= %(since)s"),
        ("until", "message.timestamp < %(until)s"),
    ):
        value = getattr(scope, name)
        if value is not None:
            conditions.append(condition)
            values[name] = value
    for number, query in enumerate(prepared.required):
        values[f"required{number}"] = query
        conditions.append(IN_ORDER.format(name=f"required{number}"))
    for number, query in enumerate(prepared.excluded):
        values[f"excluded{number}"] = query
        conditions.append("NOT " + IN_ORDER.format(name=f"excluded{number}"))
    return " AND ".join(conditions)


def bit_columns(tests: Sequence[str], values: dict[str, Any]) -> str:
    """Columns of bits, one per tsquery, for the search column `held`; adds the values."""
    columns = []
    for start in range(0, len(tests), BITS):
        bits = []
        for place, query in enumerate(tests[start : start + BITS]):
            if query == quoted(""):
                continue
            values[f"test{start + place}"] = query
            bits.append(
                f"CASE WHEN held @@ %(test{start + place})s::tsquery THEN {1 << place} ELSE 0 END"
            )
        columns.append(", array_agg(" + (" + ".join(bits) or "0") + ")::text")
    return "".join(columns)


def _rows(found: Sequence[Any], terms: int, frequencies: Frequencies | None) -> Rows:
    import numpy as np

    asks = whole(found[9])
    bits = np.concatenate([unpacked(whole(text)) for text in found[12:]])
    holds, forms = bits[:terms], bits[terms : 2 * terms] & ~bits[:terms]
    talk, meaning = whole(found[1]), np.fromstring(found[11][1:-1], dtype=float, sep=",")
    return Rows(
        id=whole(found[0]),
        talk=talk,
        position=whole(found[2]),
        partner=whole(found[3]),
        is_user=whole(found[4]) > 0,
        speaker=found[5],
        moment=whole(found[6]).astype(float),
        size=whole(found[7]).astype(float),
        words=whole(found[8]).astype(float),
        is_question=asks % 2 > 0,
        has_question=asks >= 2,
        kept=whole(found[10]) > 0,
        meaning=np.where(meaning < NO_WORD, meaning, np.nan),
        embedded=~np.isnan(meaning),
        holds=holds,
        forms=forms,
        tells_time=bits[2 * terms],
        frequencies=frequencies
        or Frequencies(len(talk), len(np.unique(talk)), holds.sum(axis=1), forms.sum(axis=1)),
    )


def whole(text: str) -> NDArray[Any]:
    """The integers of an array as PostgreSQL writes it."""
    import numpy as np

    return np.fromstring(text[1:-1], dtype=np.int64, sep=",")


def unpacked(numbers: NDArray[Any]) -> Truths:
    """Bits of numbers as rows, the lowest bit first."""
    import numpy as np

    shifted: Truths = (numbers[None, :] >> np.arange(BITS)[:, None]) & 1 > 0
    return shifted
