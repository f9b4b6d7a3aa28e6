"""The registry of fact keys: category, number of values, wording.

Whether a key takes many values at a time is said in conversations/fact_keys.py, which the
database's services read too.
"""

from __future__ import annotations

from dataclasses import dataclass

from conversations.fact_keys import is_many_valued
from convoai.analysis.result import Category, FactFound

FAVOURITE = "favourite_"
# Begins the value of `spouse` after a parting: it closes the value before it.
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class FactKey:
    """A kind of fact; `wording` makes its value a predicate: "works at {value}"."""

    name: str
    category: Category
    wording: str = "{value}"

    @property
    def many_valued(self) -> bool:
        return is_many_valued(self.name)


_KEYS = (
    # Single-valued: a newer value closes the older one.
    FactKey("employer", "work", "works at {value}"),
    FactKey("job_title", "work", "works as {value}"),
    FactKey("home_city", "personal", "lives in {value}"),
    FactKey("hometown", "personal", "comes from {value}"),
    FactKey("birthday", "personal", "has their birthday on {value}"),
    FactKey("age", "personal", "is {value} years old"),
    FactKey("spouse", "relationship", "is with {value}"),
    FactKey("relationship_status", "relationship", "is {value}"),
    FactKey("children_count", "relationship", "has {value}"),
    FactKey("mother", "relationship", "has a mother, {value}"),
    FactKey("father", "relationship", "has a father, {value}"),
    FactKey("diet", "preference", "is {value}"),
    FactKey("nickname", "personal", "goes by {value}"),
    FactKey("studies", "work", "studies {value}"),
    # Many-valued: they add up.
    FactKey("child", "relationship", "has a child: {value}"),
    FactKey("sibling", "relationship", "has a sibling: {value}"),
    FactKey("grandchild", "relationship", "has a grandchild: {value}"),
    FactKey("family_member", "relationship", "has in the family: {value}"),
    FactKey("friend", "relationship", "has a friend: {value}"),
    FactKey("pet", "relationship", "has {value}"),
    FactKey("allergy", "personal", "is allergic to {value}"),
    FactKey("avoided_food", "preference", "does not eat {value}"),
    FactKey("language", "personal", "speaks {value}"),
    FactKey("instrument", "interest", "plays the {value}"),
    FactKey("sport_played", "interest", "plays {value}"),
    FactKey("hobby", "interest", "enjoys {value}"),
    FactKey("interest", "interest", "is interested in {value}"),
    FactKey("skill", "interest", "is good at {value}"),
    FactKey("education", "work", "graduated from {value}"),
    FactKey("possession", "personal", "has {value}"),
    # Many-valued, and their values are predicates already.
    FactKey("like", "preference"),
    FactKey("dislike", "preference"),
    FactKey("habit", "interest"),
    FactKey("learning", "interest"),
    FactKey("event", "life_event"),
    FactKey("plan", "life_event"),
    FactKey("wish", "personal"),
    FactKey("work_event", "work"),
    FactKey("work_life", "work"),
    FactKey("people", "relationship"),
    FactKey("health", "personal"),
    FactKey("feeling", "personal"),
    FactKey("opinion", "personal"),
    FactKey("activity", "life_event"),
    FactKey("pastime", "interest"),
    FactKey("support", "relationship"),
    FactKey("trait", "personal"),
    FactKey("ability", "personal"),
    FactKey("about", "personal"),
)
KEYS = {key.name: key for key in _KEYS}


def key_named(name: str) -> FactKey:
    """The key of this name; favourite_book and unknown ones get a sensible entry."""
    if name in KEYS:
        return KEYS[name]
    if name.startswith(FAVOURITE):
        thing = name.removeprefix(FAVOURITE).replace("_", " ")
        return FactKey(name, "preference", f"has as favourite {thing}: {{value}}")
    return FactKey(name, "personal")


def is_nobody(fact_key: str, fact_value: str) -> bool:
    """Whether it says that there is no spouse any more."""
    return fact_key == "spouse" and fact_value.startswith(NOBODY)


def sentence_about(fact: FactFound, name: str) -> str:
    """The fact as a sentence about the person of this name, without its full stop."""
    text = key_named(fact.fact_key).wording.replace("{value}", fact.fact_value)
    if text.startswith("their "):
        return f"{name}'s {text.removeprefix('their ')}"
    return f"{name} {text}"
