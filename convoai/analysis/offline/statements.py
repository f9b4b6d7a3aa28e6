"""Statements of any kind: the sentences of a message that tell most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from convoai.analysis.offline import guards
from convoai.analysis.offline.clauses import Clause, clause_of
from convoai.analysis.offline.guards import is_wish
from convoai.analysis.offline.leaning import leans
from convoai.analysis.offline.lexicon import (
    ANAPHORS,
    AUXILIARIES,
    IMPERATIVES,
    STATE_VERBS,
    TIME_WORDS,
    words,
)
from convoai.analysis.offline.reading import ReadTurn, is_content
from convoai.analysis.offline.verbs import is_past

# Calls for the listener's attention or help.
CALLING = words("here here's let let's lets check look see wait listen imagine guess")
# How much a clause tells by whom it is about.
BY_SUBJECT = {"speaker": 3.0, "dropped": 2.0, "owned": 2.5, "other": 0.5, "listener": -2.0}
ENOUGH = 3.0
POINTING = words("here here's there's")
# "Then come over on Sunday": what is asked of the listener says nothing of the speaker.
LEADS = words("then so well ok okay now please and but just")


@dataclass(frozen=True, slots=True)
class Told:
    """A clause that may be taken seriously, and how much it tells."""

    clause: Clause
    telling: float
    place: int


def told_in(read: ReadTurn) -> list[Told]:
    """The clauses of a message that state something, in order."""
    return list(_told(read))


def _told(read: ReadTurn) -> Iterator[Told]:
    for place, sentence in enumerate(read.sentences):
        after = read.sentences[place + 1] if place + 1 < len(read.sentences) else None
        if (
            guards.is_asked(sentence)
            or guards.is_joke(sentence, after)
            or guards.is_quotation(sentence)
        ):
            continue
        clause = clause_of(sentence, read.listener)
        if clause is not None:
            yield Told(clause, telling_of(clause), place)


def grouped(told: Sequence[Told], chosen: Sequence[Told]) -> list[list[Told]]:
    """The chosen statements, each that hangs on the sentence before it together with that one."""
    kept = {item.place for item in chosen}
    by_place = {item.place: item for item in told}
    joined_to_next: set[int] = set()
    for place in sorted(kept):
        before = by_place.get(place - 1)
        if before and _needs(by_place[place].clause) and _can_lead(before.clause):
            joined_to_next.add(place - 1)
    groups: list[list[Told]] = []
    for place in sorted(kept | joined_to_next):
        if place - 1 in joined_to_next:
            groups[-1].append(by_place[place])
        else:
            groups.append([by_place[place]])
    return groups


def _needs(clause: Clause) -> bool:
    return hangs(clause) or leans(clause)


def _can_lead(clause: Clause) -> bool:
    """Whether a clause can stand before another that leans on it."""
    told = sum(is_content(word) for word in clause.lower) >= 2
    return told and not hangs(clause) and clause.subject != "listener" and telling_of(clause) > 0


def hangs(clause: Clause) -> bool:
    """Whether a clause needs the one before it: "It was rough", "They loved it"."""
    lower = clause.lower
    if clause.subject == "other":
        return lower[0] in ANAPHORS
    return sum(is_content(word) for word in lower) < 2


def telling_of(clause: Clause) -> float:
    """How much a clause tells by itself; nothing at 0 and below."""
    lower = clause.lower
    content = len({word for word in lower if is_content(word)})
    if content == 0 or lower[0] in CALLING or lower[:2] == ["sorry", "to"]:
        return 0.0
    if clause.subject == "other" and lower[0] in LEADS and not IMPERATIVES.isdisjoint(lower[1:2]):
        return 0.0
    score = BY_SUBJECT[clause.subject] + min(content, 8) * 0.5
    score -= 3.0 * (clause.subject in {"speaker", "dropped"} and _wishes_listener(lower))
    score -= 2.0 * (clause.subject == "owned" and not _has_verb(lower))
    score -= 1.5 * (clause.subject == "other" and not _is_sentence(lower))
    score += 0.7 * any(word in TIME_WORDS for word in lower)
    score -= 1.5 * (lower[0] in ANAPHORS)
    score -= 2.0 * (clause.subject == "other" and lower[0] in IMPERATIVES)
    score -= 2.0 * (lower[0] in POINTING)
    score -= 4.0 * _is_announcement(lower)
    score -= 2.0 * guards.is_conditional(lower)
    score -= 1.5 * guards.is_reported(lower)
    return score


def _is_announcement(lower: list[str]) -> bool:
    """ "A lot's happened since we talked", "I have great news": only leads to what is told."""
    told = {word for word in lower if is_content(word)} - TIME_WORDS
    return bool(told & NEWS) and len(told - NEWS) <= 1


NEWS = words(
    "news happened happening chatted talked spoke chat talk update share tell while lot's been"
    " crazy hectic wild busy exciting awesome something stuff start began begin catch since last"
)


def _wishes_listener(lower: list[str]) -> bool:
    """ "I hope you ...", "I'm glad you ...": said for the listener."""
    return any(
        word in {"hope", "hoping", "glad", "happy", "sure", "bet"}
        and lower[place + 1 : place + 2] in (["you"], ["you're"], ["your"])
        for place, word in enumerate(lower[:4])
    )


def _has_verb(lower: list[str]) -> bool:
    return len(lower) > 5 or any(
        word in AUXILIARIES or is_past(word) or word.endswith(("'s", "s")) for word in lower[2:]
    )


def is_clear_wish(clause: Clause) -> bool:
    """A wish in the first words, with something to it: "I'd love to live in Paris"."""
    lower = clause.lower
    rich = sum(is_content(word) for word in lower) >= 2
    return clause.subject == "speaker" and clause.subject_at == 0 and rich and is_wish(lower[:4])


def _is_sentence(lower: list[str]) -> bool:
    """Whether a verb stands in it, as far as words alone tell."""
    return any(
        word in AUXILIARIES or word in STATE_VERBS or "'" in word or is_past(word) for word in lower
    )
