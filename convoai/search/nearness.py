"""Whether two words differ by a slip of the finger."""

from __future__ import annotations

SHORTEST = 4
# From this length on, two slips are one word still.
LONG = 8


def is_near(one: str, other: str) -> bool:
    """Whether one letter (in long words two) is missing, wrong, too many or out of place."""
    shorter = min(len(one), len(other))
    if shorter < SHORTEST:
        return False
    most = 2 if shorter >= LONG else 1
    return abs(len(one) - len(other)) <= most and slips(one, other) <= most


def slips(one: str, other: str) -> int:
    """The distance of two words in letters left out, added, replaced or swapped.

    Optimal string alignment (Damerau 1964, without edits inside of a swap).
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        older, before, row = before, row, [at]
        for place, wanted in enumerate(other, 1):
            cost = min(before[place] + 1, row[-1] + 1, before[place - 1] + (letter != wanted))
            swapped = at > 1 and place > 1 and letter == other[place - 2] and one[at - 2] == wanted
            if swapped:
                cost = min(cost, older[place - 2] + 1)
            row.append(cost)
    return row[-1]
