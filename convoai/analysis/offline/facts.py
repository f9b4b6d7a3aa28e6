"""The facts of a talk: what rules know, then telling statements of messages worth reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice

from convoai.analysis.keys import is_nobody, key_named
from convoai.analysis.offline import guards
from convoai.analysis.offline.calendar_words import MONTHS, SEASONS, WEEKDAYS
from convoai.analysis.offline.clauses import Clause
from convoai.analysis.offline.dated import birthdays_of
from convoai.analysis.offline.favourites import favourites_of
from convoai.analysis.offline.kinds import kind_of
from convoai.analysis.offline.language import is_english
from convoai.analysis.offline.leaning import is_hollow, matter_of
from convoai.analysis.offline.lexicon import STATE_VERBS, words
from convoai.analysis.offline.matching import Match, is_lasting, matches_of
from convoai.analysis.offline.more import tells_more
from convoai.analysis.offline.partings import partings_of
from convoai.analysis.offline.people import people_facts, pets_had, third_person
from convoai.analysis.offline.reading import ReadTurn
from convoai.analysis.offline.rendering import Names
from convoai.analysis.offline.statements import (
    ENOUGH,
    Told,
    grouped,
    is_clear_wish,
    told_in,
)
from convoai.analysis.offline.times import Moment, moments_of
from convoai.analysis.offline.verbs import looks_back
from convoai.analysis.offline.weights import WORTH_A_WISH, WORTH_READING
from convoai.analysis.offline.wording import tidy, worded, worded_of_other
from convoai.analysis.offline.worth import worths
from convoai.analysis.result import FactFound
from convoai.analysis.values import normalised

MOST_STATEMENTS = 3
MOST_KNOWN = 6  # of one sentence
RECURRING = words("usually always often every sometimes each normally typically")
RETURNING = frozenset({*MONTHS, *SEASONS, *WEEKDAYS}) | words("in on during over the at")
# The times of a clause are not theirs: people are there, whatever they did or will do.
UNDATED = words("birthday child family_member father friend grandchild mother sibling")
# A parting so long ago may lie before who is the spouse now.
LONG_AGO = timedelta(days=180)


def facts_of(talk: Sequence[ReadTurn], started_at: datetime) -> list[FactFound]:
    """All facts of the talk, in the order of their messages, none twice."""
    found: dict[tuple[str, str, str], FactFound] = {}
    told = [told_in(read) for read in talk]
    before: ReadTurn | None = None
    for read, items, worth in zip(talk, told, worths(talk, told), strict=True):
        said_at = read.turn.timestamp or started_at
        heard = before if before and before.turn.sender != read.turn.sender else None
        before = read
        for fact in _facts_of_turn(read, items, worth, said_at, heard):
            found.setdefault((fact.subject, fact.fact_key, normalised(fact.fact_value)), fact)
    return list(found.values())


def _facts_of_turn(
    read: ReadTurn,
    told: Sequence[Told],
    worth: float,
    said_at: datetime,
    heard: ReadTurn | None,
) -> Iterator[FactFound]:
    covered: dict[int, set[int]] = {}
    for item in told:
        moments: list[Moment] | None = None
        for match in islice(_known(item.clause, said_at.date()), MOST_KNOWN):
            # Once for a clause, however many facts it tells.
            moments = _moments(item.clause, said_at) if moments is None else moments
            taken = covered.setdefault(item.clause.start, set())
            taken.update(range(match.begin, match.end))
            taken.update(at for m in moments for at in range(m.first, m.last + 1))
            yield _known_fact(read, item.clause, match, moments, said_at)
    chosen = _chosen(told, covered, worth)
    for group in grouped(told, chosen):
        yield from _statement(read, group, worth, said_at, heard)


def _chosen(told: Sequence[Told], covered: dict[int, set[int]], worth: float) -> list[Told]:
    """The statements of a message to keep, best first."""
    worthy = worth >= WORTH_READING
    best = sorted((item for item in told if item.telling > 0), key=lambda item: -item.telling)
    chosen = []
    for place, item in enumerate(best[:MOST_STATEMENTS]):
        clause = item.clause
        fresh = tells_more(clause, covered.get(clause.start))
        wished = worth >= WORTH_A_WISH and is_clear_wish(clause)
        if fresh and (worthy or wished) and (place == 0 or item.telling >= ENOUGH):
            chosen.append(item)
    return chosen


def _known(clause: Clause, today: date) -> Iterator[Match]:
    if not is_lasting(clause):
        return
    reported = guards.is_reported(clause.lower)
    parted = [] if reported else list(partings_of(clause))
    said = {match.key for match in parted}
    yield from (match for match in people_facts(clause) if match.key not in said)
    if reported:
        return
    yield from parted
    yield from (match for match in matches_of(clause) if match.key not in said)
    yield from pets_had(clause)
    yield from favourites_of(clause)
    yield from birthdays_of(clause, today)


def _known_fact(
    read: ReadTurn, clause: Clause, match: Match, moments: Sequence[Moment], said_at: datetime
) -> FactFound:
    key = key_named(match.key)
    begin, end = clause.words[match.begin].start, clause.words[match.end - 1].end
    return FactFound(
        category=key.category,
        fact_key=key.name,
        fact_value=match.value,
        confidence=match.confidence,
        subject=read.turn.sender,
        quote=read.turn.content[begin:end],
        quote_start=begin,
        source_message_id=read.turn.id,
        many_valued=key.many_valued,
        valid_from=_since(match, moments, said_at),
    )


def _since(match: Match, moments: Sequence[Moment], said_at: datetime) -> datetime | None:
    """From when on a known fact is told to be true; None for the talk itself."""
    first = _first_day(moments, said_at)
    if match.key in UNDATED or first is None:
        return None
    # What is to come does not keep a pet from being there: "my dog Rex has surgery tomorrow".
    if match.key == "pet" and first > said_at:
        return None
    recent = first > said_at - LONG_AGO
    # A parting of these days also ends what the same talk tells of the two.
    if match.key == "spouse" and (not is_nobody(match.key, match.value) or recent):
        return None
    return first


def _statement(
    read: ReadTurn,
    group: Sequence[Told],
    worth: float,
    said_at: datetime,
    heard: ReadTurn | None,
) -> Iterator[FactFound]:
    """Clauses in a row as a fact of its kind, about the speaker or a third person."""
    clause = group[0].clause
    lower = clause.lower
    if not is_english(lower):
        return
    moments = _moments(clause, said_at)
    person = third_person(clause)
    subject: str = read.turn.sender
    if person:
        subject = person.name
        names = Names(read.listener, read.speaker)
        value = worded_of_other(clause, person.end, names, moments)
        verb_at = person.end
    else:
        value, verb_at = worded(clause, Names(read.listener), moments), clause.subject_at + 1
    if not value:
        return
    more = [_more(read, item.clause, said_at) for item in group[1:]]
    matter = matter_of(heard, clause)
    if not matter and len(group) == 1 and is_hollow(clause):
        return
    key, category = kind_of(lower, verb_at, clause.subject)
    if value.startswith("advises "):
        key, category = "support", "relationship"
    if key == "possession":
        thing = value.removeprefix("has got ").removeprefix("has ").removeprefix("owns ")
        key, value = ("about", value) if thing == value else (key, thing)
    begin, end = clause.start, group[-1].clause.end
    doubt = 0.15 * (clause.subject in {"other", "listener"}) + 0.15 * guards.is_conditional(lower)
    yield FactFound(
        category=category,
        fact_key=key,
        fact_value=_with_matter(tidy("; ".join([value, *more])), matter),
        confidence=round(min(0.9, 0.3 + worth / 2) - doubt, 2),
        subject=subject,
        quote=read.turn.content[begin:end],
        quote_start=begin,
        source_message_id=read.turn.id,
        many_valued=key_named(key).many_valued,
        valid_from=_first_day(moments, said_at),
    )


def _with_matter(value: str, matter: str) -> str:
    """The value with what it leans on, where its own words do not name that."""
    last = matter.rpartition(" ")[2].lower()
    if not matter or last in value.lower():
        return value
    return f"{value} (about {matter})"


def _more(read: ReadTurn, clause: Clause, said_at: datetime) -> str:
    """A clause that goes on from the one before."""
    moments = _moments(clause, said_at)
    return worded(clause, Names(read.listener), moments).removeprefix("says that ")


def _moments(clause: Clause, said_at: datetime) -> list[Moment]:
    """The times a clause tells; of what is done again and again, none that returns each year."""
    lower = clause.lower
    verb_at = _verb_at(clause)
    moments = moments_of(lower, said_at.date(), looks_back(lower, verb_at))
    verb = lower[verb_at] if verb_at is not None and verb_at < len(lower) else ""
    if verb in STATE_VERBS or any(word in RECURRING for word in lower):
        return [m for m in moments if not RETURNING.issuperset(lower[m.first : m.last + 1])]
    return moments


def _verb_at(clause: Clause) -> int | None:
    """Where the verb of the speaker's own statement stands, when it is a word of its own."""
    own = clause.subject == "speaker" and clause.lower[clause.subject_at] in {"i", "we"}
    return clause.subject_at + 1 if own else None


def _first_day(moments: Sequence[Moment], said_at: datetime) -> datetime | None:
    """When it happened or began, as far as the words tell."""
    if not moments:
        return None
    return datetime.combine(moments[0].start, time(), tzinfo=said_at.tzinfo)
