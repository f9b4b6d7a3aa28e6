"""Clauses that lean on what was said before: "It was rough", "I got him", "I finished that one"."""

from __future__ import annotations

from collections.abc import Sequence

from convoai.analysis.offline.clauses import Clause, breaks, gap_after
from convoai.analysis.offline.lexicon import AUXILIARIES, PLAIN_WORDS, TIME_WORDS, words
from convoai.analysis.offline.phrases import STOPS, text_between
from convoai.analysis.offline.reading import ReadTurn, is_content
from convoai.analysis.offline.sentences import Sentence
from convoai.analysis.offline.verbs import is_adverb, is_past

PRONOUNS = words("it it's its they they're they've them their him he he's her she she's his")
POINTING = words("this that that's these those")
DETERMINERS = words("a an the my our your some any another two three four five his her their")
# "It's great to ...", "it takes time": nothing is meant by it.
TIMELY = words("raining snowing late early cold hot dark time been")
OPENING = words("to that when how if seeing knowing being having")
HOLLOW = words(
    "thing things time times day days way ways lot bit kind sort stuff one ones people idea point"
    " part news week weekend year month chat talk pic pics photo photos picture pictures"
    " favorite favourite question moment care tough whole latest next new best big last real good"
    " important easy hard"
)
ASKED_OF = words("your the a an")
PARTICLES = words("off around through against like between out up down away since")
ADJECTIVE_ENDINGS = ("ing", "ful", "ive", "ous", "able", "ible", "ant", "ed", "est", "ish")
LONGEST_PHRASE = 4
# A clause with more content words than these says enough by itself.
MOST_OF_ITS_OWN = 5
MOST_LOOKED_AT = 60


def leans(clause: Clause) -> bool:
    """Whether a word of the clause means something that stands before the clause."""
    lower = clause.lower
    for place, word in enumerate(lower[:MOST_LOOKED_AT]):
        if word in PRONOUNS and not _is_empty_it(lower, place) and not _is_named(clause, place):
            return True
        if word in POINTING and _stands_alone(lower, place) and not _is_named(clause, place):
            return True
    return bool(lower) and lower[-1] in {"one", "ones", "there", "either"}


def is_hollow(clause: Clause) -> bool:
    """Whether a clause leans on others and says next to nothing itself: "I hate it"."""
    told = {word for word in clause.lower if is_content(word)} - HOLLOW
    return len(told) < 2 and leans(clause)


def _is_empty_it(lower: Sequence[str], place: int) -> bool:
    """Whether "it" stands for what follows: "it's important to rest"."""
    if lower[place] not in {"it", "it's"}:
        return False
    rest = lower[place + 1 : place + 6]
    return any(word in OPENING for word in rest) or any(word in TIMELY for word in rest[:2])


def _is_named(clause: Clause, place: int) -> bool:
    """Whether the clause itself names, before this place, what may be meant."""
    return any(
        word.lower in DETERMINERS or (at and word.text[0].isupper() and is_content(word.lower))
        for at, word in enumerate(clause.words[:place])
    )


def _stands_alone(lower: Sequence[str], place: int) -> bool:
    """Whether "this" or "that" has no noun after it, and opens no clause."""
    if lower[place] == "that's":
        return True
    after = lower[place + 1] if place + 1 < len(lower) else ""
    if lower[place] == "that" and place and not after:
        return True
    if lower[place] == "that" and place:
        return False
    return not after or after in AUXILIARIES or after in STOPS or is_past(after)


def matter_of(heard: ReadTurn | None, clause: Clause) -> str:
    """What the turn before asks about, as a short phrase, for a clause that says little by itself.

    "How is your pottery class?" - "I'm enjoying it": "their pottery class".
    """
    own = sum(is_content(word) for word in clause.lower)
    if heard is None or own > MOST_OF_ITS_OWN or not leans(clause):
        return ""
    asked = (sentence for sentence in reversed(heard.sentences) if sentence.is_question)
    return next((phrase for sentence in asked if (phrase := _phrase_in(sentence))), "")


def _phrase_in(sentence: Sentence) -> str:
    """The last noun phrase of a question that says something."""
    clause = Clause(sentence, sentence.words, "other", 0)
    lower = clause.lower
    for begin in reversed(range(min(len(lower), MOST_LOOKED_AT))):
        if lower[begin] not in ASKED_OF:
            continue
        end = _phrase_end(clause, begin + 1)
        inner = lower[begin + 1 : end]
        told = [word for word in inner if is_content(word) and word not in HOLLOW]
        if told and _is_noun(inner[-1]):
            lead = "their" if lower[begin] == "your" else "the"
            return f"{lead} {text_between(clause, begin + 1, end)}"
    return ""


def _is_noun(word: str) -> bool:
    """Whether the last word of a phrase may be a noun, as far as it shows."""
    return (
        is_content(word)
        and word not in HOLLOW
        and word not in TIME_WORDS
        and not word.endswith((*ADJECTIVE_ENDINGS, "'s"))
    )


def _phrase_end(clause: Clause, begin: int) -> int:
    end = begin
    while end < len(clause.words) and end - begin < LONGEST_PHRASE:
        word = clause.words[end].lower
        if word in STOPS or is_adverb(word) or word in PLAIN_WORDS or word.endswith("n't"):
            break
        if end > begin and (is_past(word) or word.endswith("ing") or word in PARTICLES):
            break
        end += 1
        if breaks(gap_after(clause.sentence, clause.words[end - 1]).replace("-", "")):
            break
    return end
