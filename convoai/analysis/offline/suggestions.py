"""What to note from a talk and what to bring up next time, good enough to say aloud."""

from __future__ import annotations

from collections.abc import Sequence

from convoai.analysis.keys import is_nobody
from convoai.analysis.offline.summary import sentence, telling
from convoai.analysis.result import FactFound, Sender, TopicFound

MOST = 5
LONGEST_QUOTE = 110
FEWEST_WORDS = 5
QUESTIONS = {
    "employer": "How are things at {value}?",
    "job_title": "How is work as {value} going?",
    "home_city": "How is life in {value}?",
    "pet": "How is {value} doing?",
    "child": "How is {name}?",
    "spouse": "How is {name}?",
    "sibling": "How is {name}?",
    "friend": "How is {name}?",
    "mother": "How is your mother, {name}?",
    "father": "How is your father, {name}?",
    "hobby": "Have you had time for {value} lately?",
    "instrument": "What are you playing on the {value} these days?",
    "sport_played": "Have you played {value} lately?",
    "interest": "Anything new with {value}?",
    "language": "Do you get to speak {value} often?",
    "studies": "How are your studies of {value} going?",
}
SAID = {
    "plan": "You said “{quote}”. How is that coming along?",
    "wish": "You said “{quote}”. Have you come closer to it?",
    "event": "You told me “{quote}”. How has it been since?",
    "work_event": "You told me “{quote}”. What has come of it?",
    "work_life": "You said “{quote}”. How is it going?",
    "health": "You said “{quote}”. How are you now?",
    "feeling": "You said “{quote}”. How do you feel about it today?",
    "learning": "You said “{quote}”. How is it going?",
    "people": "You said “{quote}”. How are they?",
    "habit": "You said “{quote}”. Do you still?",
    "like": "You said “{quote}”. What do you like most about it?",
}


def insights_of(facts: Sequence[FactFound], names: dict[Sender, str]) -> list[str]:
    """The facts about the partner that are worth remembering, as sentences."""
    own = sorted((fact for fact in facts if fact.subject == "partner"), key=lambda f: -telling(f))
    return [sentence(fact, names) for fact in own[:MOST]]


def questions_of(facts: Sequence[FactFound]) -> list[str]:
    """Questions for the partner, each resting on a fact of the talk."""
    own = sorted((fact for fact in facts if fact.subject == "partner"), key=lambda f: -telling(f))
    asked: list[str] = []
    for fact in own:
        question = _question(fact)
        if question and question not in asked:
            asked.append(question)
    return asked[:MOST]


def _question(fact: FactFound) -> str:
    if is_nobody(fact.fact_key, fact.fact_value):
        return ""
    name = fact.fact_value.partition(",")[0]
    if fact.fact_key in QUESTIONS:
        value = name if fact.fact_key == "pet" else fact.fact_value
        if fact.fact_key == "pet" and value[:2].islower():
            value = f"the {value.removeprefix('a ').removeprefix('an ')}"
        return QUESTIONS[fact.fact_key].format(value=value, name=name).replace("their ", "your ")
    told = len(fact.quote.split()) >= FEWEST_WORDS and not fact.fact_value.startswith("says that")
    if fact.fact_key in SAID and told and len(fact.quote) <= LONGEST_QUOTE:
        return SAID[fact.fact_key].format(quote=fact.quote.rstrip(" .!,"))
    return ""


def next_topics_of(topics: Sequence[TopicFound], facts: Sequence[FactFound]) -> list[str]:
    """Topics to come back to: those of the talk that the partner told something of."""
    told = " ".join(fact.quote.lower() for fact in facts if fact.subject == "partner")
    own = [topic.name for topic in topics if topic.name.lower() in told]
    rest = [topic.name for topic in topics if topic.name not in own]
    return [*own, *rest][:MOST]
