"""Finding the known facts of a clause by the rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convoai.analysis.offline import guards
from convoai.analysis.offline.calendar_words import number_of
from convoai.analysis.offline.clauses import Clause, breaks, gap_after
from convoai.analysis.offline.lexicon import ANAPHORS, NEGATIONS, TIME_WORDS
from convoai.analysis.offline.phrases import (
    NOT_DOING,
    STOPS,
    captured,
    is_capture,
    place_name,
    stripped,
    text_between,
)
from convoai.analysis.offline.rules import BY_FIRST_WORD, Rule
from convoai.analysis.offline.verbs import is_adverb

# Say no by themselves, and are meant to.
NEGATIVE_KEYS = frozenset({"dislike", "avoided_food"})
WITH_ARTICLE = frozenset({"employer", "job_title"})
# Read as a thing, but says nothing.
# Nobody says I or my more often in one sentence.
MOST_STARTS = 10
OLDEST = 120
# After I, of what did not come to be: "I almost went vegan".
NEARLY = (["almost"], ["nearly"])
HOLLOW = frozenset(
    [
        "it",
        "that",
        "this",
        "them",
        "one",
        "something",
        "anything",
        "everything",
        "thing",
        "things",
        "lot",
        "way",
        "kind",
        "time",
        "bit",
        "stuff",
        "you",
        "how",
        "what",
        "people",
        "place",
        "idea",
        "part",
    ]
)


@dataclass(frozen=True, slots=True)
class Match:
    """A known fact in a clause: key, value, and the words it takes (`begin` to `end`)."""

    key: str
    value: str
    begin: int
    end: int
    confidence: float


def matches_of(clause: Clause) -> Iterator[Match]:
    """The known facts a clause tells; at each place the first rule of each key that fits."""
    lower = clause.lower
    quoted = guards.quoted_words(clause.sentence)
    begin = starts = 0
    while begin < len(lower) and starts < MOST_STARTS:
        starts += lower[begin] in BY_FIRST_WORD
        found: dict[str, Match] = {}
        if clause.words[begin].start not in quoted:
            following = lower[begin + 1] if begin + 1 < len(lower) else ""
            is_plain = not is_adverb(following)
            for rule in BY_FIRST_WORD.get(lower[begin], ()):
                # Most rules are done with here, before anything is read.
                if is_plain and rule.second is not None and following not in rule.second:
                    continue
                match = None if rule.key in found else _match(clause, lower, rule, begin)
                if match:
                    found[rule.key] = match
        yield from found.values()
        begin = max((match.end for match in found.values()), default=begin + 1)


def _match(clause: Clause, lower: list[str], rule: Rule, begin: int) -> Match | None:
    at, value_at, value_end = begin, 0, 0
    for token, optional in zip(rule.pattern, rule.optional, strict=True):
        if at > begin:
            at = _after_adverbs(clause, lower, at, token)
        if isinstance(token, str) and is_capture(token):
            value_at, value_end = at, captured(clause, token, at)
            if value_end == at:
                return None
            at = value_end
        elif at < len(lower) and lower[at] in token:
            at += 1
        elif not optional:
            return None
    if value_end == 0:
        value_at, value_end = at - 1, at
    if rule.key not in NEGATIVE_KEYS and _is_denied(lower, begin, value_at):
        return None
    if any(breaks(gap_after(clause.sentence, word)) for word in clause.words[begin:value_at]):
        return None
    if rule.key == "age" and not _is_age(clause, value_at):
        return None
    value = _value(clause, rule, value_at, value_end)
    return Match(rule.key, value, begin, at, rule.confidence) if value else None


def _after_adverbs(clause: Clause, lower: list[str], at: int, token: frozenset[str] | str) -> int:
    while at < len(lower) and is_adverb(lower[at]) and lower[at] not in token:
        at += 1
    return at


def _is_denied(lower: list[str], begin: int, end: int) -> bool:
    return (
        any(word in NEGATIONS or word.endswith("n't") for word in lower[max(0, begin - 3) : end])
        or (lower[begin + 1 : begin + 2] in NEARLY)
        or guards.is_wish(lower[:begin])
    )


def _is_age(clause: Clause, at: int) -> bool:
    """Whether a number tells an age: not minutes, not degrees."""
    number = number_of(clause.words[at].lower)
    if number is None or not 1 <= number <= OLDEST:
        return False
    if at + 1 >= len(clause.words) or breaks(gap_after(clause.sentence, clause.words[at])):
        return True
    after = clause.words[at + 1].lower
    return after in STOPS or after in TIME_WORDS or after in {"years", "year"}


def _value(clause: Clause, rule: Rule, begin: int, end: int) -> str:
    text = text_between(clause, begin, end)
    if rule.key not in WITH_ARTICLE:
        text = stripped(text)
    first = text.split()[0].lower() if text.split() else ""
    if rule.key in {"interest", "dislike"} and text.lower() in NOT_DOING:
        return ""
    if not text or text.lower() in HOLLOW or first in ANAPHORS or first in HOLLOW:
        return ""
    if rule.key == "employer":
        return _employer(text)
    if rule.key in {"home_city", "hometown"}:
        return place_name(_of_others(text))
    if rule.key == "job_title":
        return f"{'an' if text[0].lower() in 'aeiou' else 'a'} {stripped(text)}"
    if rule.key in {"relationship_status", "children_count", "diet"}:
        return text.lower()
    return _of_others(text)


def _employer(text: str) -> str:
    """ "a small clinic called Linde" becomes "Linde, a small clinic"; "the moment" is none."""
    last = text.split()[-1].lower()
    if last in TIME_WORDS or last in {"moment", "minute"}:
        return ""
    what, called, name = text.partition(" called ")
    if not called:
        what, called, name = text.partition(" named ")
    return f"{name}, {what}" if name[:1].isupper() else _of_others(text)


def _of_others(text: str) -> str:
    first, _, rest = text.partition(" ")
    return f"their {rest}" if first.lower() in {"my", "our"} and rest else text


def is_lasting(clause: Clause) -> bool:
    """Whether what a clause says holds now and for sure: not conditional, not long past."""
    return not (guards.is_conditional(clause.lower) or guards.is_former(clause.lower))
