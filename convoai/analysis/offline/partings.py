"""Partings: "we broke up", "I got divorced", "she left me"; nobody is their spouse from then on."""

from __future__ import annotations

from collections.abc import Iterator

from convoai.analysis.keys import NOBODY
from convoai.analysis.offline import guards
from convoai.analysis.offline.clauses import Clause, breaks, gap_after
from convoai.analysis.offline.lexicon import NEGATIONS, TIME_WORDS, words
from convoai.analysis.offline.matching import Match
from convoai.analysis.offline.phrases import read_name, text_between
from convoai.analysis.offline.verbs import is_adverb

# Said after I or we, adverbs aside: (words, how it is told, status).
PARTINGS = (
    (("broke", "up"), "broke up", "single"),
    (("broken", "up"), "broke up", "single"),
    (("split", "up"), "split up", "single"),
    (("got", "divorced"), "got divorced", "divorced"),
    (("gotten", "divorced"), "got divorced", "divorced"),
    (("got", "a", "divorce"), "got divorced", "divorced"),
)
# The other one does it: "she broke up with me", "Tom dumped me".
LEFT_BY = (
    (("broke", "up", "with", "me"), "broke up", "single"),
    (("divorced", "me"), "got divorced", "divorced"),
    (("dumped", "me"), "broke up", "single"),
)
OWN = words("i we i've we've")
# Not a parting after all: "we almost broke up".
NEARLY = words("almost nearly barely hardly never ever")
# May follow; other words make it another matter: "broke up a fight", "split up the work".
FOLLOWING = words("with after because when since but as so again and") | TIME_WORDS
LONGEST_GAP = 2


def partings_of(clause: Clause) -> Iterator[Match]:
    """The speaker's own parting, the first a clause tells, as status and as spouse."""
    lower = clause.lower
    for begin, word in enumerate(lower):
        at = begin if word not in OWN else _after_adverbs(lower, begin + 1)
        for said, told, status in PARTINGS if word in OWN else LEFT_BY:
            end = at + len(said)
            if tuple(lower[at:end]) != said or _is_denied(lower, begin, end):
                continue
            if said[-1] == "up" and not _ends_well(clause, end):
                continue
            name = read_name(clause, end + 1) if lower[end : end + 1] == ["with"] else end
            if name > end + 1:
                told, end = f"{told} with {text_between(clause, end + 1, name)}", name
            yield Match("relationship_status", status, begin, end, 0.9)
            yield Match("spouse", f"{NOBODY} ({told})", begin, end, 0.9)
            return


def _after_adverbs(lower: list[str], at: int) -> int:
    end = at
    while (
        end < len(lower)
        and end - at < LONGEST_GAP
        and (is_adverb(lower[end]) or lower[end] == "have")
    ):
        end += 1
    return end


def _is_denied(lower: list[str], begin: int, end: int) -> bool:
    said = lower[max(0, begin - 2) : end]
    return guards.is_wish(lower[:begin]) or any(
        word in NEARLY or word in NEGATIONS or word.endswith("n't") for word in said
    )


def _ends_well(clause: Clause, end: int) -> bool:
    if end >= len(clause.words) or breaks(gap_after(clause.sentence, clause.words[end - 1])):
        return True
    after, *more = clause.lower[end : end + 2]
    dated = after in {"in", "on"} and bool(more) and (more[0] in TIME_WORDS or more[0].isdigit())
    return dated or after in FOLLOWING or is_adverb(after)
