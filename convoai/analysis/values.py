"""When two values say the same, or nearly."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

WORD = re.compile(r"[^\W_]+")
# Make no difference to what a value says.
EMPTY = frozenset(
    {"a", "an", "the", "their", "his", "her", "my", "our", "its", "is", "are", "was", "were"}
    | {"has", "have", "had", "just", "really", "very", "so"}
)
# Two values of so many words at least may be near in meaning; shorter ones only the same.
FEWEST_WORDS = 4
NEAR = 0.8
# Of longer values, what may be missing from one of them.
FILLING = frozenset(
    {"to", "of", "in", "on", "at", "for", "with", "and", "that", "this", "been", "be", "does", "do"}
    | {"also", "some", "them", "they", "it", "still", "now", "currently", "recently", "finally"}
)
# Words that mean about the same, as far as a fact goes; each row by its first.
ROWS = """
bought purchased got
buy purchase
child kid children kids
big large huge
started began
start begin
film movie
mother mom mum mama
father dad papa
trip journey
love adore
like enjoy
photo picture pic
bike bicycle
doctor physician
ill sick unwell
happy glad
scared afraid frightened
shop store
flat apartment
holiday vacation
autumn fall
football soccer
town city
quit left resigned
talked chatted spoke
talk chat speak
finished completed
finish complete
job position
company firm
colleague coworker
taught instructed
wonderful great amazing awesome fantastic
hard tough difficult
help assist
helped assisted
married wed
grandmother grandma
grandfather grandpa
reside live
repaired fixed
repair fix
garden yard
"""
SYNONYMS = {word: row.split()[0] for row in ROWS.strip().splitlines() for word in row.split()}
NEGATIONS = frozenset(["not", "no", "never", "without", "cannot", "nor", "hardly"])


def words_of_value(value: str) -> list[str]:
    """The words of a value that say something, without case and signs."""
    found = WORD.findall(unicodedata.normalize("NFKC", value).casefold())
    return [word for word in found if word not in EMPTY] or found


def normalised(value: str) -> str:
    """The value without case, signs and words that say nothing."""
    return " ".join(words_of_value(value))


def is_near(one: str, other: str) -> bool:
    """Whether two values share nearly all they say, and deny the same."""
    return mean_nearly_the_same(meant(one), meant(other))


def mean_nearly_the_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two values of these meanings share nearly all they say, and deny the same.

    Jaccard's index of their words, where words of one meaning or of one stem are the same; shorter
    values must share all. Numbers must agree, as "2 cats" is not "3 cats".
    """
    differing = one ^ other
    fewest = min(len(one), len(other))
    if fewest < FEWEST_WORDS:
        return fewest > 1 and not differing
    if differing & NEGATIONS or any(word.isdigit() for word in differing):
        return False
    return len(one & other) / len(one | other) >= NEAR


def meant(value: str) -> frozenset[str]:
    """What stands for the words of a value that say something."""
    found = words_of_value(value)
    told = [word for word in found if word not in FILLING] or found
    return frozenset(meaning_of(word) for word in told)


@lru_cache(maxsize=4096)
def meaning_of(word: str) -> str:
    """The word that stands for this one and all that mean about the same.

    Past and present stay apart: who lived somewhere need not live there.
    """
    if word in SYNONYMS:
        return SYNONYMS[word]
    stem = stem_of(word)
    return SYNONYMS_OF_STEMS.get(stem, stem)


def stem_of(word: str) -> str:
    """The word without the endings of number, person and doing: hikes, hiking."""
    if len(word) > 5 and word.endswith("ing"):
        stem = word[:-3]
        doubled = len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lsz"
        return (stem[:-1] if doubled else stem).removesuffix("e")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


SYNONYMS_OF_STEMS = {stem_of(word): meant for word, meant in SYNONYMS.items()}
