"""People and animals that a speaker calls theirs: "my sister Ngozi", "our dog Rex"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from convoai.analysis.offline.clauses import Clause, breaks, gap_after
from convoai.analysis.offline.lexicon import PLAIN_WORDS, TIME_WORDS, words
from convoai.analysis.offline.matching import MOST_STARTS, Match
from convoai.analysis.offline.phrases import STOPS, text_between
from convoai.analysis.offline.verbs import is_adverb

RELATIONS: dict[str, str] = {
    **dict.fromkeys(words("wife husband spouse fiance fiancé fiancee fiancée"), "spouse"),
    **dict.fromkeys(words("girlfriend boyfriend partner"), "spouse"),
    **dict.fromkeys(words("son daughter stepson stepdaughter baby child kid boy girl"), "child"),
    **dict.fromkeys(words("brother sister stepbrother stepsister twin sibling"), "sibling"),
    **dict.fromkeys(words("mom mum mother mama"), "mother"),
    **dict.fromkeys(words("dad father papa"), "father"),
    **dict.fromkeys(words("grandson granddaughter grandchild"), "grandchild"),
    **dict.fromkeys(
        words(
            "uncle aunt cousin niece nephew grandma grandpa grandmother grandfather"
            " brother-in-law sister-in-law mother-in-law father-in-law godson goddaughter"
        ),
        "family_member",
    ),
    **dict.fromkeys(
        words("friend bestie roommate flatmate buddy mate colleague coworker"), "friend"
    ),
}
ANIMALS = words(
    "dog dogs cat cats puppy puppies kitten kittens rabbit bunny hamster parrot budgie canary"
    " goldfish fish turtle tortoise snake lizard horse pony guinea-pig ferret gecko hedgehog"
    " chicken chickens goat donkey beagle labrador retriever poodle terrier spaniel collie"
    " dachshund shepherd husky bulldog corgi chihuahua pug rottweiler greyhound siamese tabby"
    " parakeet pup kitty axolotl chameleon iguana rat mouse pig"
)
HAVING = words("have got adopted bought own get own've took has")
AGES = words(
    "older younger elder eldest youngest oldest big little twin best old dear close good new late"
)
CALLED = words("named called")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a name, and what they are to the speaker; `end` is the word after it."""

    name: str
    relation: str
    key: str
    begin: int
    end: int


def people_of(clause: Clause) -> Iterator[Person]:
    """The relatives, friends and pets that are called by name."""
    lower = clause.lower
    owned = (begin for begin, word in enumerate(lower) if word in {"my", "our"})
    for begin in islice(owned, MOST_STARTS):
        at = begin + 1
        while at < len(lower) and lower[at] in AGES:
            at += 1
        if at >= len(lower):
            return
        relation = lower[at].removesuffix("'s")
        key = RELATIONS.get(relation) or ("pet" if relation in ANIMALS else None)
        if key is None:
            continue
        name_at = _after_called(lower, at)
        name = name_at is not None and _name(clause, name_at)
        if name and name_at is not None:
            said = text_between(clause, begin + 1, at + 1).lower()
            yield Person(name, said, key, begin, name_at + len(name.split()))


def third_person(clause: Clause) -> Person | None:
    """Who the clause is about, where it tells something of a person called by name."""
    person = next((p for p in people_of(clause) if p.begin == clause.subject_at), None)
    if person is None or person.end >= len(clause.words):
        return None
    # "My sister Noor and I ..." is told of the speaker.
    return person if clause.lower[person.end] != "and" else None


def _after_called(lower: list[str], at: int) -> int | None:
    """Where the name stands: "my dog Rex", "my dog is called Rex", "my dog's name is Rex"."""
    rest = lower[at + 1 : at + 5]
    if rest[:2] in (["is", "called"], ["is", "named"]):
        return at + 3
    if rest[:1] in (["called"], ["named"]):
        return at + 2
    if rest[:2] == ["name", "is"]:
        return at + 3
    return at + 1 if rest else None


def _name(clause: Clause, at: int) -> str:
    """The name at this place, when it reads as one and no comma, verb or list parts it."""
    if at >= len(clause.words):
        return ""
    word = clause.words[at]
    before = clause.words[at - 1]
    gap = gap_after(clause.sentence, before)
    fits = (
        word.text[0].isupper()
        and word.text[1:2].islower()
        and word.lower not in PLAIN_WORDS
        and word.lower not in TIME_WORDS
        and (gap.strip() in {"", ","})
    )
    return word.text.removesuffix("'s").removesuffix("’s") if fits else ""


def people_facts(clause: Clause) -> Iterator[Match]:
    """Who belongs to the speaker, as facts."""
    for person in people_of(clause):
        if person.key == "pet":
            value = f"{person.name}, {_article(person.relation)}"
        else:
            value = f"{person.name}, their {person.relation}"
        yield Match(person.key, value, person.begin, person.end, 0.9)


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def pets_had(clause: Clause) -> Iterator[Match]:
    """ "We have a dog", "I adopted two kittens", "got a beagle named Biscuit"."""
    lower = clause.lower
    animals = (at for at, word in enumerate(lower) if word in ANIMALS)
    for at in islice(animals, MOST_STARTS):
        begin = at
        while (
            begin > 0
            and at - begin < 5
            and not breaks(gap_after(clause.sentence, clause.words[begin - 1]))
        ):
            begin -= 1
            if lower[begin] in HAVING:
                break
        if lower[begin] not in HAVING or at == begin:
            continue
        own = lower[max(0, begin - 3) : begin]
        between = lower[begin + 1 : at]
        if not _ends_there(clause, at):
            continue
        if not {"i", "we", "i've", "we've", "just"} & set(own) and begin > 0:
            continue
        if (
            not between
            or not _counts(between)
            or any(w.endswith("n't") or w in {"never", "not"} for w in own)
        ):
            continue
        end, value = at + 1, text_between(clause, begin + 1, at + 1)
        if lower[at + 1 : at + 2] and lower[at + 1] in CALLED:
            name = _name(clause, at + 2)
            if name:
                value, end = f"{name}, {value}", at + 3
        yield Match("pet", value, max(0, begin - 1), end, 0.85)


def _counts(between: list[str]) -> bool:
    first = between[0]
    return first in {"a", "an", "two", "three", "four", "five", "another"} and not (
        set(between) & {"hot", "of", "for", "to", "with", "at", "my", "the", "about"}
    )


def _ends_there(clause: Clause, at: int) -> bool:
    """Whether the animal is the thing itself: not a dog bed, nor a cat scan."""
    if at + 1 >= len(clause.words) or breaks(gap_after(clause.sentence, clause.words[at])):
        return True
    after = clause.words[at + 1].lower
    return after in STOPS or after in CALLED or after in TIME_WORDS or is_adverb(after)
