"""What a question asks for: a time, and whose words."""

from __future__ import annotations

import re
import unicodedata

ASKS_WHEN = re.compile(
    r"^\s*when\b|\bwhen (did|was|is|will|does|has|have|are|were)\b"
    r"|\b(what|which) (date|day|month|year|time)\b|\bhow long ago\b",
    re.IGNORECASE,
)
# Words (as the english configuration writes them) of messages that tell a time.
TIMES = [
    "yesterday",
    "today",
    "tonight",
    "tomorrow",
    "week",
    "weekend",
    "month",
    "year",
    "ago",
    "last",
    "next",
    "recent",
    "morn",
    "night",
    "summer",
    "winter",
    "spring",
    "fall",
    "autumn",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "januari",
    "februari",
    "march",
    "april",
    "june",
    "juli",
    "august",
    "septemb",
    "octob",
    "novemb",
    "decemb",
]
WORD = re.compile(r"[^\W_]+")
# "I" in a question is the person who asks.
ASKING_PERSON = "i"
# Names that are also little words: taken for names only where a capital tells.
LITTLE_WORDS = frozenset(("will", "may", "can", "so", "do", "an", "my", "in", "he", "me", "see"))


def asks_when(text: str) -> bool:
    """Whether a time is asked for, in English."""
    return bool(ASKS_WHEN.search(text))


def name_words(text: str) -> frozenset[str]:
    """The words of a name or a question, caseless and without accents."""
    return frozenset(WORD.findall(fold(text)))


def fold(text: str) -> str:
    """Caseless and without accents, for comparing names."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def possible_names(text: str) -> frozenset[str]:
    """The words of a question that may be somebody's name."""
    inside = {fold(word) for word in re.findall(r"(?<=[\w,] )[A-Z]\w+", text)}
    return name_words(text) - (LITTLE_WORDS - inside)
