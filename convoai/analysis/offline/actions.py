"""Promises and requests: who is to do what, by when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from convoai.analysis.offline import guards
from convoai.analysis.offline.clauses import Clause, clause_of
from convoai.analysis.offline.lexicon import PLAIN_WORDS, TIME_WORDS, YOU_WORDS, words
from convoai.analysis.offline.reading import ReadTurn
from convoai.analysis.offline.rendering import Names
from convoai.analysis.offline.times import Moment, moments_of
from convoai.analysis.offline.verbs import is_adverb
from convoai.analysis.offline.wording import rendered
from convoai.analysis.result import ActionItem, Sender

# What one can promise to do for somebody; "I'll be tired" is no promise.
DOING = words(
    "send call bring buy pick check email text ask book get help look find let show tell share give"
    " write pay return finish prepare organise organize drop lend fix build print cook bake message"
    " invite introduce forward drive meet visit arrange order reserve ring post remind teach read"
    " review sign clean translate confirm deliver update schedule water feed babysit pick-up"
)
PROMISES = (
    ("i'll",),
    ("i", "will"),
    ("we'll",),
    ("i", "promise", "to"),
    ("i", "promise", "i'll"),
    ("let", "me"),
)
REQUESTS = (
    ("can", "you"), ("could", "you"), ("would", "you"), ("will", "you"), ("please",),
    ("don't", "forget", "to"), ("remember", "to"), ("make", "sure", "to"), ("make", "sure", "you"),
)  # fmt: skip
MOST_ACTIONS = 10
# A third person's promise matters when it is for one of the two who talk.
FOR_ONE_OF_THE_TWO = words("me us my our") | YOU_WORDS
FARTHEST_NAME = 6
OTHER: dict[Sender, Sender] = {"user": "partner", "partner": "user"}


def actions_of(talk: Sequence[ReadTurn], started_at: datetime) -> list[ActionItem]:
    """The promises and requests of a talk, in order, each wording once."""
    found: dict[str, ActionItem] = {}
    for read in talk:
        for item in _actions(read, (read.turn.timestamp or started_at).date()):
            found.setdefault(item.text.casefold(), item)
    return list(found.values())[:MOST_ACTIONS]


def _actions(read: ReadTurn, today: date) -> Iterator[ActionItem]:
    for place, sentence in enumerate(read.sentences):
        after = read.sentences[place + 1] if place + 1 < len(read.sentences) else None
        clause = clause_of(sentence, read.listener)
        if clause is None:
            continue
        promised = None if sentence.is_question else _promised_at(clause)
        asked = _asked_at(clause) if promised is None else None
        other = None if sentence.is_question or promised or asked else _other_at(clause)
        lower = [word.lower for word in sentence.words]
        if (promised is None and asked is None and other is None) or "if" in lower:
            continue
        if guards.is_joke(sentence, after) or guards.is_reported(lower):
            continue
        moments = moments_of(clause.lower, today, is_past=False)
        if promised is not None:
            yield _promise(read, clause, promised, moments, today)
        elif asked is not None:
            yield _request(read, clause, asked, moments, today)
        elif other is not None:
            yield _others_promise(read, clause, other, moments, today)


def _promised_at(clause: Clause) -> int | None:
    """The place of the verb that is promised."""
    lower = clause.lower
    for begin in range(min(len(lower), 12)):
        for promise in PROMISES:
            if tuple(lower[begin : begin + len(promise)]) == promise:
                at = begin + len(promise)
                while at < len(lower) and is_adverb(lower[at]) and lower[at] != "never":
                    at += 1
                if at + 1 < len(lower) and lower[at] in DOING and not _is_idle(lower[at:]):
                    return at
    return None


def _is_idle(lower: list[str]) -> bool:
    """Whether nothing is to be done: "let you know" and no more, "tell me about your day"."""
    if lower[:1] == ["let"]:
        return lower[2:3] != ["know"] or len(lower) < 5
    if lower[0] in {"tell", "share", "show"}:
        told = lower[2:] if lower[1:2] in (["me"], ["us"], ["you"]) else lower[1:]
        return not told or told[0] in {"more", "about", "what", "how", "why", "some", "it", "that"}
    return False


def _asked_at(clause: Clause) -> int | None:
    lower = clause.lower
    for request in REQUESTS:
        if tuple(lower[: len(request)]) == request:
            at = len(request) + (lower[len(request) : len(request) + 1] == ["please"])
            if at + 1 < len(lower) and lower[at] in DOING and not _is_idle(lower[at:]):
                return at
    return None


def _other_at(clause: Clause) -> int | None:
    """The place of the verb of what a third person will do for one of the two: "Tom will send"."""
    lower = clause.lower
    for at in range(1, min(len(lower) - 2, FARTHEST_NAME)):
        if lower[at] != "will" or lower[at + 1] not in DOING:
            continue
        name = clause.words[at - 1]
        if (
            name.text.istitle()
            and name.lower not in PLAIN_WORDS | TIME_WORDS
            and (at == 1 or clause.words[at - 2].lower not in {"i", "and", "or"})
            and not FOR_ONE_OF_THE_TWO.isdisjoint(lower[at + 2 :])
        ):
            return at + 1
    return None


def _promise(
    read: ReadTurn, clause: Clause, verb_at: int, moments: list[Moment], today: date
) -> ActionItem:
    rest = Clause(clause.sentence, clause.words[verb_at:], "other", 0)
    body = _body(rest, verb_at, read.listener, moments)
    return _item(read, clause, read.turn.sender, f"{read.speaker} will {body}", moments, today)


def _request(
    read: ReadTurn, clause: Clause, verb_at: int, moments: list[Moment], today: date
) -> ActionItem:
    rest = Clause(clause.sentence, clause.words[verb_at:], "other", 0)
    # Asked of the listener: "me" is the one who asks.
    body = _body(rest, verb_at, "", moments, speaker=read.speaker)
    text = f"{read.listener} is asked to {body}"
    return _item(read, clause, OTHER[read.turn.sender], text, moments, today)


def _others_promise(
    read: ReadTurn, clause: Clause, verb_at: int, moments: list[Moment], today: date
) -> ActionItem:
    rest = Clause(clause.sentence, clause.words[verb_at:], "other", 0)
    body = _body(rest, verb_at, read.listener, moments, speaker=read.speaker)
    name = clause.words[verb_at - 2].text
    return _item(read, clause, name, f"{name} will {body}", moments, today)


def _body(rest: Clause, cut: int, listener: str, moments: list[Moment], speaker: str = "") -> str:
    moved = [
        Moment(m.first - cut, m.last - cut, m.text, m.start, m.precision)
        for m in moments
        if m.first >= cut
    ]
    return rendered(rest, Names(listener, speaker, of_listener=not listener), moved)


def _item(
    read: ReadTurn, clause: Clause, who: str, text: str, moments: list[Moment], today: date
) -> ActionItem:
    due = next((moment.start for moment in moments if moment.start >= today), None)
    quote = read.turn.content[clause.start : clause.end]
    return ActionItem(who, text, due, quote, clause.start, read.turn.id)
