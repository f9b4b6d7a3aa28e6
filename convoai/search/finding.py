"""One search in rows of one or more types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convoai.search.kinds import KINDS
from convoai.search.marking import Marker
from convoai.search.parameters import Search
from convoai.search.results import Hits, Result
from convoai.search.snippets import snippet

# A type whose best row holds none of the question's words was found by meaning only.
LEAST_WORTH = 0.2


@dataclass(frozen=True)
class Found:
    """One page of a search. `more` says whether another follows."""

    results: list[Result]
    mode: str
    dropped: tuple[str, ...]
    not_embedded: int | None
    more: bool


def find(search: Search) -> Found:
    """The rows that answer the search, best first, with their snippets."""
    marker = Marker(search.question)
    if not marker.terms:
        return Found([], search.mode, search.question.dropped, None, more=False)
    if len(search.types) == 1:
        found, more = one_type(search)
    else:
        found, more = mixed(search, marker)
    hits, results = found
    add_snippets(results, marker)
    first = hits[0]
    return Found(results, first.mode, first.dropped, first.not_embedded, more)


def one_type(search: Search) -> tuple[tuple[list[Hits], list[Result]], bool]:
    kind = KINDS[search.types[0]]
    hits = kind.find(search, search.limit + 1, search.offset)
    results = kind.read(search.scope.user_id, hits.hits[: search.limit])
    return ([hits], results), len(hits.hits) > search.limit


def mixed(search: Search, marker: Marker) -> tuple[tuple[list[Hits], list[Result]], bool]:
    """One page of all types together.

    Scores of different types are made of different things, so each type's are measured by its
    own best one, and that one by the share of the question's words that it holds:
    worth(type) / (1 + (best - score)) for scores without bounds. A page is the same however the
    pages before it were cut, because nothing depends on how many rows are asked for.
    """
    need = search.offset + search.limit + 1
    found = {name: KINDS[name].find(search, need, 0) for name in search.types}
    best = {
        name: KINDS[name].read(search.scope.user_id, hits.hits[:1]) for name, hits in found.items()
    }
    shown = [result for results in best.values() for result in results]
    marker.prepare((result.language, text) for result in shown for text in result.texts)
    worth = {
        result.type: max(LEAST_WORTH, marker.coverage(result.language, "\n".join(result.texts)))
        for result in shown
    }
    ranked = [
        (worth[name] / (1 + (hits.hits[0].score - hit.score)), -order, -place, name, hit)
        for order, (name, hits) in enumerate(found.items())
        if name in worth
        for place, hit in enumerate(hits.hits)
    ]
    ranked.sort(key=lambda one: one[:3], reverse=True)
    page = ranked[search.offset : search.offset + search.limit]
    read: dict[tuple[str, int], Result] = {}
    for name in search.types:
        hits_here = [hit for *_, kind, hit in page if kind == name]
        for result in KINDS[name].read(search.scope.user_id, hits_here):
            read[name, result.id] = result
    results = []
    for score, _, _, name, hit in page:
        if (name, hit.id) in read:
            result = read[name, hit.id]
            result.score = score
            results.append(result)
    return (list(found.values()), results), len(ranked) > search.offset + search.limit


def add_snippets(results: Sequence[Result], marker: Marker) -> None:
    """Cut each result's snippet from the text of it that holds most of the question."""
    marker.prepare((result.language, text) for result in results for text in result.texts)
    for result in results:
        marked = [
            (text, marker.places(result.language, text, loosely=result.loosely))
            for text in result.texts
        ]
        if marked:
            text, places = max(marked, key=lambda one: len({place.term for place in one[1]}))
            result.snippet = snippet(text, places)
