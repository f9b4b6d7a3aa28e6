"""Favourites: "my favourite book is Dune", "Dune is my favourite book"."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from convoai.analysis.offline.clauses import Clause
from convoai.analysis.offline.lexicon import ANAPHORS, NEGATIONS
from convoai.analysis.offline.matching import MOST_STARTS, Match
from convoai.analysis.offline.phrases import (
    read_doing,
    read_name,
    read_thing,
    stripped,
    text_between,
)

IS = frozenset({"is", "was", "are", "would", "has"})
LONGEST_THING = 3


def favourites_of(clause: Clause) -> Iterator[Match]:
    """The favourites a clause names, by kind of thing."""
    lower = clause.lower
    owned = (begin for begin, word in enumerate(lower[:-1]) if word == "my")
    for begin in islice(owned, MOST_STARTS):
        if not any(word in {"favorite", "favourite"} for word in lower[begin + 1 : begin + 3]):
            continue
        thing_at = begin + 2 + (lower[begin + 1] == "all-time")
        is_at = next(
            (
                at
                for at in range(thing_at + 1, min(thing_at + 1 + LONGEST_THING, len(lower)))
                if lower[at] in IS
            ),
            None,
        )
        if is_at is not None and is_at + 1 < len(lower):
            if any(word in NEGATIONS or word.endswith("n't") for word in lower[begin : is_at + 2]):
                continue
            end = read_doing(clause, is_at + 1)
            end = max(end, read_name(clause, is_at + 1), read_thing(clause, is_at + 1))
            thing, value_at = lower[thing_at:is_at], is_at + 1
        elif begin >= 2 and lower[begin - 1] in {"is", "are", "was"}:
            end_thing = min(read_thing(clause, thing_at), thing_at + 2)
            thing, value_at, end = lower[thing_at:end_thing], 0, begin - 1
            if lower[0] in ANAPHORS or begin > 6:
                continue
        else:
            continue
        if end <= value_at or not thing:
            continue
        value = stripped(text_between(clause, value_at, end))
        yield Match(_key(thing), value, min(begin, value_at), max(end, thing_at + len(thing)), 0.9)


def _key(thing: list[str]) -> str:
    words = [word.replace("'", "").replace("-", "_") for word in thing if word not in {"of", "all"}]
    return f"favourite_{'_'.join(words)}"[:60]
