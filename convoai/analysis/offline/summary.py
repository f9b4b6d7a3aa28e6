"""Two or three sentences on a talk, made of what was said in it."""

from __future__ import annotations

from collections.abc import Sequence

from convoai.analysis.keys import sentence_about
from convoai.analysis.offline.lexicon import ANAPHORS
from convoai.analysis.offline.vocabulary import TOPICS
from convoai.analysis.result import FactFound, Sender, TopicFound

MOST_TOPICS = 3
LONGEST = 160
# What makes news in a talk, before tastes and opinions.
TELLING_KEYS = {
    "event": 0.3, "plan": 0.25, "work_event": 0.3, "health": 0.2, "relationship_status": 0.3,
    "employer": 0.3, "job_title": 0.2, "home_city": 0.2, "wish": 0.05, "like": 0.0, "about": -0.1,
    "opinion": -0.15, "feeling": -0.05,
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
    for sender in ("partner", "user"):
        best = most_telling([fact for fact in facts if fact.subject == sender])
        if best:
            sentences.append(sentence(best, names))
    return " ".join(sentences)


def most_telling(facts: Sequence[FactFound]) -> FactFound | None:
    """The fact that a listener would pass on first."""
    short = [fact for fact in facts if len(fact.fact_value) <= LONGEST]
    return max(short or facts, key=telling, default=None)


def telling(fact: FactFound) -> float:
    anaphoric = fact.fact_value.startswith("says that ")
    richness = min(len(fact.fact_value.split()), 14) / 70
    opening = fact.fact_value.lower().replace(",", "").split()[:5]
    vague = any(word in ANAPHORS or word in {"them", "there"} for word in opening)
    short = len(fact.fact_value.split()) < 4 and fact.fact_key in TELLING_KEYS
    promised = fact.fact_value.startswith(("will ", "can "))
    doubts = 0.3 * promised + 0.4 * anaphoric + 0.25 * vague + 0.3 * short
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


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
