"""Verbs: past or present, and the form after he or she."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from convoai.analysis.offline.lexicon import NOT_PAST, PAST_VERBS, words

THIRD_IRREGULAR = {
    "have": "has",
    "do": "does",
    "go": "goes",
    "am": "is",
    "are": "is",
    "were": "was",
}
UNCHANGED = words(
    "can could will would shall should may might must was is has had does did used better ought"
    " cannot can't couldn't won't wouldn't shouldn't didn't wasn't hasn't hadn't doesn't isn't"
    " mustn't mightn't gonna"
)
# The same in past and present; told as past.
SAME_FORM = words("put set hit cut let hurt cost quit read beat spread shut split burst bet cast")
ADVERBS = words(
    "really just also still always never often usually sometimes even ever actually recently"
    " finally currently already only almost barely hardly honestly truly definitely absolutely"
    " totally personally especially mostly mainly probably certainly both all now then once"
    " kinda sorta rarely simply quite so too soon lately regularly today"
)
NOT_ADVERBS = words(
    "family fly apply reply supply rely only july italy bully comply multiply ally belly early"
)


def is_adverb(word: str) -> bool:
    """Whether the word may stand between a subject and its verb."""
    return word in ADVERBS or (len(word) > 4 and word.endswith("ly") and word not in NOT_ADVERBS)


def _without_prefix(word: str) -> bool:
    return any(
        word.removeprefix(prefix) in PAST_VERBS
        for prefix in ("re", "over", "under", "out", "mis")
        if word.startswith(prefix)
    )


def is_past(word: str) -> bool:
    """Whether the word reads as a verb in the past."""
    return (
        word in PAST_VERBS
        or word in SAME_FORM
        or (len(word) > 3 and word.endswith("ed") and word not in NOT_PAST)
        or (word.startswith(("re", "over", "under", "out", "mis")) and _without_prefix(word))
    )


AHEAD = words("will i'll we'll gonna tomorrow next upcoming he'll she'll they'll won't")
# What was arranged lies ahead, though it was done before.
ARRANGED = words("signed booked scheduled registered reserved planned invited enrolled entered")
THINKING = words("have think know remember guess believe")
PAST_NEGATED = words("didn't wasn't weren't haven't couldn't hadn't")
BEING = words("is are am i'm we're he's she's they're it's")


def looks_back(lower: Sequence[str], verb_at: int | None = None) -> bool:
    """Whether the words tell of the past: a past verb, and nothing that lies ahead.

    `verb_at` is where the main verb stands, when known; in the present it decides.
    """
    if any(word in AHEAD or word in ARRANGED for word in lower):
        return False
    going = any(word in BEING and after.endswith("ing") for word, after in pairwise(lower))
    if going and "been" not in lower:
        return False
    if "since" in lower:
        return True
    if verb_at is not None:
        verb = next((word for word in lower[verb_at:] if not is_adverb(word)), "")
        if verb not in THINKING and not is_past(verb):
            return verb in PAST_NEGATED
    return any(is_past(word) or word == "been" for word in lower)


def after_she(verb: str) -> str:
    """The verb (lower case, as said after "I") as said after "she": love, loves."""
    if verb in THIRD_IRREGULAR:
        return THIRD_IRREGULAR[verb]
    if verb in UNCHANGED or is_past(verb):
        return verb
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb + "es"
    if verb.endswith("y") and len(verb) > 1 and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def is_participle(word: str) -> bool:
    """Whether the word may follow had: I'd gone, I'd moved."""
    return is_past(word) or word in {
        "been",
        "done",
        "gone",
        "seen",
        "taken",
        "given",
        "known",
        "got",
    }
