"""Two or three sentences on a talk, made of what was said in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from convoai.analysis.keys import sentence_about
from convoai.analysis.offline.lexicon import ANAPHORS, words
from convoai.analysis.offline.reading import is_content
from convoai.analysis.offline.vocabulary import TOPICS
from convoai.analysis.offline.words import words_of
from convoai.analysis.result import FactFound, Sender, TopicFound

MOST_TOPICS = 3
# So many words are long for a sentence that is read in passing; the first part holds these.
LONG = 22
FEWEST = 6
VAGUE = ANAPHORS - {"they", "they're", "they've"} | words("them there him her someone something")
# What makes news in a talk, before tastes and opinions.
TELLING_KEYS = {
    "event": 0.3, "plan": 0.25, "work_event": 0.3, "health": 0.2, "relationship_status": 0.3,
    "employer": 0.3, "job_title": 0.2, "home_city": 0.2, "wish": 0.05, "like": 0.0, "about": -0.1,
    "opinion": -0.15, "feeling": -0.05, "support": -0.5, "trait": -0.1, "ability": -0.1,
    "activity": 0.15, "pastime": 0.1,
}  # fmt: skip


def summary_of(
    topics: Sequence[TopicFound], facts: Sequence[FactFound], names: dict[Sender, str]
) -> str:
    """The topics in one sentence, then the most telling thing of each speaker."""
    sentences = []
    subjects = [
        topic.name.lower() if topic.name in TOPICS else topic.name for topic in topics[:MOST_TOPICS]
    ]
    if subjects:
        sentences.append(f"{names['partner']} and {names['user']} talked about {listed(subjects)}.")
    common = _common_words(facts)
    for sender in ("partner", "user"):
        best = most_telling([fact for fact in facts if fact.subject == sender], common)
        if best:
            sentences.append(sentence(replace(best, fact_value=shortened(best.fact_value)), names))
    return " ".join(sentences)


def most_telling(facts: Sequence[FactFound], common: Counter[str]) -> FactFound | None:
    """The fact that a listener would pass on first: telling, and what the talk was about."""
    return max(facts, key=lambda fact: telling(fact) + _centrality(fact, common), default=None)


def _common_words(facts: Sequence[FactFound]) -> Counter[str]:
    """In how many facts each content word stands."""
    return Counter(word for fact in facts for word in _content(fact))


def _content(fact: FactFound) -> set[str]:
    return {word.lower for word in words_of(fact.fact_value) if is_content(word.lower)}


def _centrality(fact: FactFound, common: Counter[str]) -> float:
    """0 to 0.2: how much of it others say as well."""
    content = _content(fact)
    shared = sum(common[word] > 1 for word in content)
    return 0.2 * shared / (2 + len(content))


def shortened(value: str) -> str:
    """A long value without its afterthoughts."""
    for sign in ("; ", " - ", " – ", " (about ", ", and ", ", but ", ", so ", ", which "):
        if len(value.split()) <= LONG:
            break
        head = value.partition(sign)[0]
        if len(head.split()) >= FEWEST and not head.count("(") > head.count(")"):
            value = head
    return value


def telling(fact: FactFound) -> float:
    anaphoric = fact.fact_value.startswith("says that ")
    richness = min(len(fact.fact_value.split()), 14) / 70
    said = fact.fact_value.lower().replace(",", "").split()
    vague = any(word in VAGUE for word in said[:5]) + 0.5 * any(word in VAGUE for word in said[5:])
    short = len(said) < 4 and fact.fact_key in TELLING_KEYS
    promised = fact.fact_value.startswith(("will ", "can ", "should ", "could ", "might "))
    asked = " (about " in fact.fact_value or "..." in fact.fact_value
    long = max(len(said) - LONG, 0) / 40
    doubts = 0.3 * promised + 0.4 * anaphoric + 0.25 * vague + 0.3 * short + 0.2 * asked + long
    return fact.confidence + TELLING_KEYS.get(fact.fact_key, 0.1) + richness - doubts


def sentence(fact: FactFound, names: dict[Sender, str]) -> str:
    """The fact as a whole sentence about the person it is about."""
    name = (
        names["partner"]
        if fact.subject == "partner"
        else names["user"]
        if fact.subject == "user"
        else fact.subject
    )
    text = sentence_about(fact, name)
    return text if text.endswith((".", "!", "…")) else f"{text}."


def listed(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
