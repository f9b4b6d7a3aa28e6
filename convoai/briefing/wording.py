"""Facts and spans of time, worded for people."""

from __future__ import annotations

import re
from datetime import datetime

from conversations.models.fact import Origin, Review
from convoai.analysis.keys import FAVOURITE, KEYS, sentence_about
from convoai.analysis.result import FactFound

# Their values are predicates already: "adopted a guinea pig in March 2023".
PREDICATES = frozenset(name for name, key in KEYS.items() if key.wording == "{value}")
IRREGULAR = {
    "is": "are",
    "was": "were",
    "has": "have",
    "does": "do",
    "goes": "go",
    "says": "said",
    "isn't": "aren't",
    "wasn't": "weren't",
    "hasn't": "haven't",
    "doesn't": "don't",
    "wannas": "want to",
}
ADVERBS = frozenset({"also", "always", "just", "never", "often", "sometimes", "still"})
SIBILANT = re.compile(r"(ch|sh|ss|x|zz|o)es$")
UNCLEAR = re.compile(r"\b(they|them|themselves|he|him|she|her)\b", re.IGNORECASE)
LONGEST_REMEMBERED = 110


def is_predicate(key: str, value: str, origin: str, review: str) -> bool:
    """Whether the value says what somebody does, so that a name before it makes a sentence.

    Only an analyzer keeps to that; what a person typed may be anything.
    """
    analyzed = origin == Origin.ANALYSIS and review != Review.CORRECTED
    return analyzed and key in PREDICATES and value[:1].islower()


def sentence(
    name: str, key: str, value: str, *, origin: str = Origin.ANALYSIS, review: str = ""
) -> str:
    """The fact about the person of this name as a sentence without its full stop."""
    value = value.strip().rstrip(".")
    worded = key in KEYS and key not in PREDICATES
    if worded or key.startswith(FAVOURITE) or is_predicate(key, value, origin, review):
        fact = FactFound("personal", key, value, 1.0, "partner", "", 0, 0, many_valued=False)
        return sentence_about(fact, name)
    return f"{name}'s {key.replace('_', ' ').strip()}: {value}"


def addressed(predicate: str) -> str | None:
    """A predicate about somebody, said to them: "likes tea" becomes "you like tea".

    None where it is not clear whom its pronouns mean, or where it is too long to be said.
    """
    text = predicate.strip().rstrip(".")
    if UNCLEAR.search(text) or len(text) > LONGEST_REMEMBERED:
        return None
    if not text.startswith("their "):
        words = text.split(" ")
        verb = 0
        while verb < len(words) - 1 and (words[verb] in ADVERBS or words[verb].endswith("ly")):
            verb += 1
        words[verb] = _second_person(words[verb])
        text = "you " + " ".join(words)
    return re.sub(r"\btheir\b", "your", text)


def told_to(owner_name: str, text: str) -> str:
    """A text about the owner, told to them: "ben will call" becomes "You will call".

    Only where the name begins a sentence or is one of two who talked: a name may be a word, too.
    """
    name = re.escape(owner_name)
    text = re.sub(rf"\band {name} talked\b", "and you talked", text)

    def begin(found: re.Match[str]) -> str:
        return f"You {_second_person(found[1])} "

    return re.sub(rf"(?:^|(?<=[.!?] )){name} ([\w']+) ", begin, text)


def _second_person(verb: str) -> str:
    if verb in IRREGULAR:
        return IRREGULAR[verb]
    if SIBILANT.search(verb):
        return verb.removesuffix("es")
    if verb.endswith("ies") and len(verb) > 4:
        return verb.removesuffix("ies") + "y"
    if verb.endswith("s") and not verb.endswith(("ss", "us")):
        return verb.removesuffix("s")
    return verb


def span(begin: datetime, end: datetime) -> str:
    """The time between two moments in words: "3 weeks", "2 years"; "less than a day"."""
    days = (end - begin).days
    if days < 1:
        return "less than a day"
    for unit, length in (("year", 365), ("month", 30), ("week", 7)):
        count = days // length
        if count >= (1 if unit == "year" else 2):
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{days} day{'s' if days > 1 else ''}"


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
