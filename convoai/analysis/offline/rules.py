"""The sentences that a fact key is known by.

A pattern is a row of words: `a|b` is either, `a?` may be missing, `{thing}` and the like read a
phrase (phrases.py). Adverbs in between do not matter ("I really love ..."). Every pattern begins
with a word, by which it is found, so a clause costs a look at each of its words.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A fact key and the row of words that tells it.

    `second` are the words of which one must follow the first (adverbs aside), if any must.
    """

    key: str
    pattern: tuple[frozenset[str] | str, ...]
    optional: tuple[bool, ...]
    confidence: float
    second: frozenset[str] | None


_TABLE = """
employer 0.9: i work|working at|for {organisation}
employer 0.9: i'm|we're working at|for {organisation}
employer 0.9: i|we am|are working at|for {organisation}
employer 0.9: i'm|im a|an|the {profession} at {organisation}
employer 0.9: i am|work as? a|an|the? {profession} at {organisation}
employer 0.9: i'm working as a|an|the? {profession} at {organisation}
employer 0.9: i've been working at|for {organisation}
employer 0.9: i started|joined working|work? at {organisation}
employer 0.9: i joined {name}
employer 0.9: i got a|the new? job|position|role at|with {organisation}
employer 0.85: my new? job|boss at {organisation}
employer 0.85: i'm employed at|by {organisation}
employer 0.85: i am employed at|by {organisation}
job_title 0.9: i'm|im a|an|the {profession}
job_title 0.9: i am a|an|the {profession}
job_title 0.9: i work at|for {organisation} as a|an|the? {profession}
job_title 0.9: i'm|i've been? working at|for {organisation} as a|an|the? {profession}
job_title 0.9: i work|working as a|an|the? {profession}
job_title 0.9: i'm working as a|an|the? {profession}
job_title 0.9: i've been working|work? as? a|an|the {profession}
job_title 0.9: i became a|an|the {profession}
job_title 0.9: i got|was promoted|made to? a|an|the? {profession}
job_title 0.85: my job is a|an {profession}
home_city 0.9: i|we live in|near {place}
home_city 0.9: i'm|we're living|based|settled in|near {place}
home_city 0.9: i've|we've been? lived|living in {place}
home_city 0.9: i|we|i've|we've moved|relocated back? to {place}
hometown 0.9: i|we come|grew|hail up? from|in {place}
hometown 0.9: i'm|im originally? from {place}
hometown 0.9: i am originally? from {place}
hometown 0.9: i was born and? raised? in {place}
hometown 0.85: my hometown is {place}
diet 0.9: i'm|i've been? a|an? vegetarian|vegan|pescatarian|flexitarian|coeliac|celiac
diet 0.9: i am a|an? vegetarian|vegan|pescatarian|flexitarian|coeliac|celiac
diet 0.9: i|we went|became|turned a|an? vegetarian|vegan|pescatarian|flexitarian
diet 0.9: i've|we've gone|become|turned a|an? vegetarian|vegan|pescatarian|flexitarian
diet 0.9: i|we have gone|become|turned a|an? vegetarian|vegan|pescatarian|flexitarian
allergy 0.95: i'm|im|i|we're am|are? allergic to {thing}
avoided_food 0.8: i don't|can't|never eat {thing}
language 0.9: i speak {name}
language 0.9: i'm fluent in {name}
nickname 0.85: everyone|friends|people call|calls me {name}
studies 0.85: i'm|i've been? studying {thing}
studies 0.85: i study {thing}
studies 0.85: i'm majoring in {thing}
education 0.85: i|i've graduated from {organisation}
instrument 0.9: i play|playing the? {instrument}
instrument 0.9: i'm|i've been? playing|learning the? {instrument}
sport_played 0.85: i|we play {sport}
hobby 0.85: i love|enjoy|like|adore {doing}
hobby 0.85: i|i've started|took|taken up? {doing}
hobby 0.85: i'm into {doing}
hobby 0.85: i|i've took|taken up {thing}
hobby 0.85: my hobby|pastime is {thing}
hobby 0.85: my hobbies are {thing}
interest 0.8: i'm into|interested in? {thing}
interest 0.8: i'm a|an big|huge? fan of {thing}
interest 0.8: i'm passionate|crazy|enthusiastic about {thing}
skill 0.8: i'm good|great at {doing}
dislike 0.85: i hate|dislike|loathe|detest {thing}
dislike 0.85: i|i've never liked|enjoyed {doing}
dislike 0.85: i|i've never liked|enjoyed {thing}
dislike 0.85: i don't like {thing}
dislike 0.85: i do not like {thing}
dislike 0.85: i can't|cannot stand|bear {thing}
relationship_status 0.85: i'm|we're|im happily|newly? {status}
relationship_status 0.85: i|we am|are happily|newly? {status}
relationship_status 0.9: i|we|i've|we've got|gotten {status}
children_count 0.9: i|we|i've|we've have|got {children}
age 0.9: i'm|im {number} years old
age 0.9: i am {number} years old
age 0.85: i turned|turn {number}
"""


def _parsed(line: str) -> Rule:
    head, _, pattern = line.partition(": ")
    key, confidence = head.split()
    tokens, optional = [], []
    for token in pattern.split():
        may_miss = token.endswith("?")
        token = token.removesuffix("?")
        tokens.append(token if token.startswith("{") else frozenset(token.split("|")))
        optional.append(may_miss)
    second = tokens[1] if len(tokens) > 1 and not optional[1] else None
    needed = second if isinstance(second, frozenset) else None
    return Rule(key, tuple(tokens), tuple(optional), float(confidence), needed)


RULES = tuple(_parsed(line) for line in _TABLE.strip().splitlines())

BY_FIRST_WORD: dict[str, list[Rule]] = defaultdict(list)
for _rule in RULES:
    for _word in _rule.pattern[0]:
        BY_FIRST_WORD[_word].append(_rule)
