"""What to say to a partner next time, worded from stored facts and talks alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from conversations.models import Conversation, ExtractedFact
from conversations.models.fact import UNSURE
from convoai.analysis.keys import FAVOURITE
from convoai.briefing.wording import LONGEST_REMEMBERED, addressed, is_predicate
from partners.models import ConversationPartner

FACTS_USED = 20
TALKS_USED = 5
OFFERED = 3

# By fact key, then by category: how to open with what is known, when its value is a noun.
OPENINGS = {
    "employer": "How are things at {value}?",
    "job_title": "How is work as {value} going?",
    "studies": "How are your studies of {value} going?",
    "education": "Do you still see people from {value}?",
    "home_city": "How is life in {value}?",
    "hometown": "Do you get back to {value} often?",
    "language": "Do you get to speak {value} often?",
    "pet": "How {are} {name} doing?",
    "possession": "Do you still have {name}?",
    "hobby": "Have you had time for {value} lately?",
    "sport_played": "Have you played {value} lately?",
    "instrument": "What are you playing on the {value} these days?",
    "diet": "Are you still {value}?",
    "child": "How {are} {name}?",
    "children_count": "How are the children?",
    "grandchild": "How {are} {name}?",
    "spouse": "How {are} {name}?",
    "mother": "How is your mother?",
    "father": "How is your father?",
    "sibling": "How {are} {name}?",
    "family_member": "How {are} {name}?",
    "friend": "How {are} {name}?",
    "plan": "You were planning: {value}. How is that coming along?",
    "work": "What is new at work since you told me: {value}?",
    "interest": "Anything new with {value}?",
    "preference": "I remembered this about you: {value}. Still true?",
    "life_event": "You told me: {value}. How has it been since?",
    "relationship": "How are the people close to you? I remember: {value}.",
    "personal": "I have been thinking of what you told me: {value}. How is that now?",
}
# After "I remember that you ...": what to ask where the value says what somebody does.
AFTER_REMEMBERING = {
    "plan": "How is that coming along?",
    "wish": "Have you come closer to it?",
    "event": "How has it been since?",
    "work_event": "What has come of it?",
    "work_life": "How is it going?",
    "health": "How are you now?",
    "feeling": "How do you feel about it today?",
    "learning": "How is it going?",
    "people": "How are they?",
    "habit": "Is that still so?",
    "like": "What do you like most about it?",
    "dislike": "Is that still so?",
    "opinion": "Do you still see it that way?",
}
# To keep in mind, but nothing to begin a talk with.
SILENT = frozenset(
    {"age", "allergy", "avoided_food", "birthday", "nickname", "relationship_status"}
)
# Begin what is to be named as theirs, "a parrot", and what are several, "two cats".
THEIRS = re.compile(r"^(?:a|an|the|their|his|her) (?=\S)", re.IGNORECASE)
THEIR = re.compile(r"\btheir\b")
SEVERAL = re.compile(
    r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|several|some) (?=\S)", re.IGNORECASE
)
NEW_TOPICS = (
    "a place they would like to see",
    "something they read or watched lately",
    "what they are looking forward to",
    "a skill they would like to learn",
    "a childhood memory",
)


@dataclass(frozen=True)
class Suggestions:
    """The six keys that existing frontends read."""

    partner_name: str
    known_facts_count: int
    recent_topics: list[str]
    conversation_starters: list[str]
    follow_up_questions: list[str]
    new_topic_suggestions: list[str]


def suggestions_for(partner: ConversationPartner) -> Suggestions:
    """Suggestions for the next talk with the partner; four queries, no model call."""
    current = ExtractedFact.objects.current().filter(partner=partner).exclude(review__in=UNSURE)
    facts = list(current.filter(subject="partner").pinned_first()[:FACTS_USED])
    talks = list(
        Conversation.objects.filter(partner=partner, is_analyzed=True)
        .newest_first()
        .without_transcript()
        .prefetch_related("conversation_topics__topic")[:TALKS_USED]
    )
    topics = _distinct(link.topic.name for talk in talks for link in talk.conversation_topics.all())
    return compose(partner.name, current.count(), facts, topics, talks)


def compose(
    name: str,
    known: int,
    facts: Sequence[ExtractedFact],
    topics: list[str],
    talks: Sequence[Conversation],
) -> Suggestions:
    """Word the suggestions; a pure function of the rows (most certain facts, newest talks)."""
    openings = [opening for fact in facts if (opening := _opening(fact))]
    about = [f"Last time we spoke about {topic}. What is new there?" for topic in topics]
    starters = [*openings, *about, f"How have you been, {name}?"]
    asked = _texts(talk.suggested_questions for talk in talks)
    plans = [question for fact in facts if (question := _after_plan(fact))]
    questions = [*asked, *plans, *(f"Tell me more about {topic}." for topic in topics)]
    heard = {topic.casefold() for topic in topics}
    fresh = [
        topic
        for topic in [*_texts(talk.suggested_topics for talk in talks), *NEW_TOPICS]
        if topic.casefold() not in heard
    ]
    return Suggestions(
        partner_name=name,
        known_facts_count=known,
        recent_topics=topics,
        conversation_starters=_distinct(starters)[:OFFERED],
        follow_up_questions=_distinct([*questions, "What has kept you busy lately?"])[:OFFERED],
        new_topic_suggestions=_distinct(fresh)[:OFFERED],
    )


def _opening(fact: ExtractedFact) -> str | None:
    if _is_predicate(fact):
        after = AFTER_REMEMBERING.get(fact.fact_key, "How is that now?")
        remembered = _remembered(fact)
        return f"{remembered} {after}" if remembered else None
    if fact.fact_key in SILENT:
        return None
    value = fact.fact_value.rstrip(".")
    if fact.fact_key.startswith(FAVOURITE):
        thing = fact.fact_key.removeprefix(FAVOURITE).replace("_", " ")
        return f"Is {value} still your favourite {thing}?"
    words = OPENINGS.get(fact.fact_key) or OPENINGS.get(fact.category)
    if words is None:
        return None
    name = value.partition(",")[0]
    are = "are" if SEVERAL.match(name) else "is"
    name = f"your {name}" if SEVERAL.match(name) else THEIRS.sub("your ", name, count=1)
    said = THEIR.sub("your", value)
    return words.format(value=said, name=name, are=are)


def _after_plan(fact: ExtractedFact) -> str | None:
    if fact.fact_key != "plan":
        return None
    if not _is_predicate(fact):
        return f"What came of this: {fact.fact_value.rstrip('.')}?"
    remembered = _remembered(fact)
    return f"{remembered} What came of it?" if remembered else None


def _is_predicate(fact: ExtractedFact) -> bool:
    return is_predicate(fact.fact_key, fact.fact_value, fact.origin, fact.review)


def _remembered(fact: ExtractedFact) -> str | None:
    """What somebody does or did, said to them; in their own words where that is unclear."""
    said = addressed(fact.fact_value)
    if said:
        return f"I remember that {said}."
    quote = fact.quote.strip().rstrip(" .!,")
    return f"You said “{quote}”." if quote and len(quote) <= LONGEST_REMEMBERED else None


def _texts(lists: Iterable[Any]) -> list[str]:
    """The strings in stored lists; whatever else an analyzer put there is passed over."""
    return [item for items in lists for item in items or [] if isinstance(item, str) and item]


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
