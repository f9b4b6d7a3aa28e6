"""The part of a text that shows why it was found, as HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.html import escape

from convoai.search.marking import Place, joined

# Characters of a snippet, before escaping; how far an end may move to stand between two words.
LENGTH = 240
STRAY = 30
SPACES = re.compile(r"\s+")
CUT = "…"


def snippet(text: str, places: Sequence[Place], length: int = LENGTH) -> str:
    """The best `length` characters of a text, HTML-escaped, with `<mark>` round the places.

    The best part holds the most different words of the question, then the most words, and is
    the first such. Cut ends are shown by "…"; white space becomes single spaces.
    """
    start, end = window(text, places, length)
    inside = [place for place in places if start <= place.start and place.end <= end]
    parts, at = [], start
    for place in joined([place._replace(term=0) for place in inside]):
        parts.append(shown(text[at : place.start]))
        parts.append(f"<mark>{shown(text[place.start : place.end])}</mark>")
        at = place.end
    parts.append(shown(text[at:end]))
    body = "".join(parts).strip()
    return f"{CUT if start else ''}{body}{CUT if end < len(text) else ''}"


def shown(text: str) -> str:
    return escape(SPACES.sub(" ", text))


def window(text: str, places: Sequence[Place], length: int) -> tuple[int, int]:
    """Where the best part of the text begins and ends."""
    if len(text) <= length:
        return 0, len(text)
    first, last = best_run(places, length)
    free = length - (last - first)
    start = max(0, min(first - min(free // 2, length // 3), len(text) - length))
    end = min(len(text), start + length)
    # Never into a marked word: the run lies inside of these bounds.
    start = 0 if start == 0 else word_start(text, start, first if places else start + STRAY)
    end = len(text) if end == len(text) else word_end(text, end, last if places else end - STRAY)
    return start, end


def best_run(places: Sequence[Place], length: int) -> tuple[int, int]:
    """The ends of the places that stand closest together: the most different, then the most."""
    best, bounds = (0, 0), (0, 0)
    counts: dict[int, int] = {}
    left = 0
    for right, place in enumerate(places):
        counts[place.term] = counts.get(place.term, 0) + 1
        while left < right and place.end - places[left].start > length:
            term = places[left].term
            counts[term] -= 1
            if not counts[term]:
                del counts[term]
            left += 1
        found = (len(counts), right - left + 1)
        if found > best:
            best, bounds = found, (places[left].start, min(place.end, places[left].start + length))
    return bounds


def word_start(text: str, at: int, latest: int) -> int:
    """The beginning of the first word from here on, if it is near."""
    for place in range(at, min(at + STRAY, latest)):
        if text[place - 1].isspace():
            return place
    return at


def word_end(text: str, at: int, earliest: int) -> int:
    """The end of the last word up to here, if it is near."""
    for place in range(at, max(at - STRAY, earliest), -1):
        if text[place].isspace():
            return place
    return at
