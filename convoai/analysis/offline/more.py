"""Whether a clause tells more than the known facts made of it."""

from __future__ import annotations

from collections.abc import Collection

from convoai.analysis.offline.calendar_words import MONTHS, SEASONS, WEEKDAYS
from convoai.analysis.offline.clauses import Clause
from convoai.analysis.offline.lexicon import TIME_WORDS, words
from convoai.analysis.offline.people import third_person
from convoai.analysis.offline.reading import is_content

RETURNING = frozenset({*MONTHS, *SEASONS, *WEEKDAYS})
OWN = words("i i'm i've im ive we we're we've")
# So many telling words must be left over where a known fact says the statement itself.
LEFT_OVER = 2


def tells_more(clause: Clause, covered: Collection[int] | None) -> bool:
    """Whether the clause is to be kept as well; `covered` are the places of the words taken.

    What is told of a third person by name is always more than who that is, and so is when
    something returns, which no known fact holds.
    """
    if not covered or third_person(clause):
        return True
    lower = clause.lower
    left = {word for place, word in enumerate(lower) if place not in covered}
    if left & RETURNING:
        return True
    says_it = any(lower[place] in OWN for place in covered)
    telling = [word for word in left - TIME_WORDS if is_content(word)]
    return len(telling) >= (LEFT_OVER if says_it else 1)
