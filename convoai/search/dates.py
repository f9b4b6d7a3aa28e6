"""Days, months and years that a question names, in English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
NUMBER_OF = {
    name: number for number, month in enumerate(MONTHS, 1) for name in (month, month[:3])
} | {"sept": 9}
NAMES = "|".join(sorted(NUMBER_OF, key=len, reverse=True))
YEAR = r"(?:19|20)\d\d"
IN_WORDS = re.compile(
    rf"\b(?:(?P<before>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?)?(?P<month>{NAMES})\b\.?"
    rf"(?:\s+(?P<after>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d))?(?:,?\s*(?P<year>{YEAR}))?",
    re.IGNORECASE,
)
IN_FIGURES = re.compile(rf"\b(?P<year>{YEAR})-(?P<month>\d\d)(?:-(?P<day>\d\d))?\b")
LONE_YEAR = re.compile(rf"\b{YEAR}\b")


@dataclass(frozen=True)
class NamedDate:
    """A date as far as it was named; 0 stands for what was left out."""

    year: int = 0
    month: int = 0
    day: int = 0

    def moments(self, years: range) -> list[float]:
        """The named day in each of these years (or in its own), in seconds since 1970."""
        found = []
        for year in [self.year] if self.year else years:
            try:
                found.append(datetime(year, self.month, self.day, tzinfo=UTC).timestamp())
            except ValueError:
                continue
        return found


def dates_in(text: str) -> list[NamedDate]:
    """The dates a question names: `8 May 2023`, `May 8th`, `in May`, `2023`, `2023-05-08`.

    "may" alone is no month; a lone year counts when nothing better is named.
    """
    found = [
        NamedDate(int(match["year"]), int(match["month"]), int(match["day"] or 0))
        for match in IN_FIGURES.finditer(text)
    ]
    for match in IN_WORDS.finditer(text):
        day, name = int(match["before"] or match["after"] or 0), match["month"]
        if name.casefold() in {"may", "mar", "dec", "jan", "sep", "march"} and not (
            day or match["year"] or (name == "May" and match.start() > 0) or name == "March"
        ):
            continue
        found.append(NamedDate(int(match["year"] or 0), NUMBER_OF[name.casefold()], day))
    return found or [NamedDate(int(year)) for year in LONE_YEAR.findall(text)]
