"""One page to read before the next talk; every line names what it rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from conversations.models.fact import UNSURE, Review
from convoai.briefing.dates import coming_up
from convoai.briefing.known import Known, facts_about, known_at
from convoai.briefing.lines import Line, line_of_facts, line_of_talk, worded
from convoai.briefing.promises import Promised, Side, lines_of_promises, open_promises
from convoai.briefing.questions import mentions, questions
from convoai.briefing.talks import Talk, Talks, talks_with, two_lines
from convoai.briefing.wording import PREDICATES, day, span, told_to
from partners.models import ConversationPartner

IDENTITY = ("job_title", "employer", "home_city")
AVOIDED = frozenset({"allergy", "avoided_food", "dislike"})
# Of the facts that tell of something: those to remember first, and those that pass.
TELLING = frozenset({"event", "health", "work_event", "learning", "habit"})
PASSING = frozenset({"about", "feeling", "opinion", "support"})
CHANGES_SHOWN = DATES_SHOWN = 10
REMEMBERED = 12


@dataclass(frozen=True)
class Briefing:
    """The page. Lists are empty where nothing is known; `as_of` is None for now."""

    partner_id: int
    partner_name: str
    as_of: datetime | None
    who: list[Line]
    how_long: Line
    pinned: list[Line]
    last_talk: list[Line]
    changes: list[Line]
    promises: dict[Side, list[Line]]
    coming_up: list[Line]
    remember: list[Line]
    ask: list[Line]
    avoid: list[Line]


def briefing_for(partner: ConversationPartner, as_of: datetime | None = None) -> Briefing:
    """The briefing now, or as it would have read at a moment; six queries, no model call.

    A seventh when the partner's user has not been read.
    """
    talks = talks_with(partner, as_of)
    promised = open_promises(talks.promising, partner, as_of)
    return compose(partner, facts_about(partner), talks, promised, as_of)


def compose(
    partner: ConversationPartner,
    facts: Sequence[Known],
    talks: Talks,
    promised: Sequence[Promised],
    as_of: datetime | None,
) -> Briefing:
    """The page from rows that were read; apart from the clock (`as_of` None) a pure function."""
    moment = as_of or timezone.now()
    name = partner.name
    heard = [fact for fact in facts if as_of is None or fact.learned_at <= as_of]
    held = known_at(facts, as_of)
    pinned = [fact for fact in held if fact.is_pinned_at(as_of)]
    # What the owner said of themselves, they know.
    live = [fact for fact in held if fact.subject != "user"]
    believed = [fact for fact in heard if fact.review not in UNSURE]
    begun = [fact for fact in live if fact.valid_from is None or fact.valid_from <= moment]
    own = [fact for fact in begun if fact.subject == "partner" and fact.key in IDENTITY]
    avoided = [fact for fact in begun if fact.key in AVOIDED]
    ahead = coming_up(live, moment)[:DATES_SHOWN]
    changes = _changes(talks.newest, heard, begun, name, moment)
    elsewhere = {fact.id for fact in [*pinned, *own, *avoided, *(fact for fact, _ in ahead)]}
    elsewhere.update(pk for line in changes for pk in line.fact_ids)
    rest = [fact for fact in begun if fact.id not in elsewhere and fact.key != "plan"]
    return Briefing(
        partner_id=partner.pk,
        partner_name=name,
        as_of=as_of,
        who=[
            Line(f"{name}, {partner.relationship}" if partner.relationship else name),
            *_lines(sorted(own, key=lambda fact: IDENTITY.index(fact.key)), name, moment),
        ],
        how_long=_how_long(partner, talks, moment),
        pinned=_lines(sorted(pinned, key=_worth), name, moment),
        last_talk=_last_talk(talks.newest, believed, partner.user.username),
        changes=changes,
        promises=lines_of_promises(promised, partner.user.username, moment),
        coming_up=[
            line_of_facts(worded(fact, name), fact, moment=moment, on=on) for fact, on in ahead
        ],
        remember=_lines(sorted(rest, key=_worth)[:REMEMBERED], name, moment),
        ask=questions(talks.newest, heard, live, moment),
        avoid=_lines(_pinned_first(avoided, as_of), name, moment),
    )


def _lines(facts: Sequence[Known], name: str, moment: datetime) -> list[Line]:
    return [line_of_facts(worded(fact, name), fact, moment=moment) for fact in facts]


def _pinned_first(facts: Iterable[Known], moment: datetime | None) -> list[Known]:
    return sorted(facts, key=lambda fact: not fact.is_pinned_at(moment))


def _worth(fact: Known) -> tuple[bool, int, float, float]:
    """Sorts facts: those a person vouched for, lasting ones before passing ones, the surest."""
    lasts = fact.key not in PREDICATES
    rank = 0 if lasts else 1 if fact.key in TELLING else 3 if fact.key in PASSING else 2
    return not fact.is_decided, rank, -fact.confidence, -fact.learned_at.timestamp()


def _how_long(partner: ConversationPartner, talks: Talks, moment: datetime) -> Line:
    first_at = talks.first[1] if talks.first else None
    met = [at for at in (partner.created_at, first_at) if at and at <= moment]
    count = f"{talks.count} talk{'' if talks.count == 1 else 's'}"
    if not met:
        return Line(f"{count} so far.")
    since = min(met)
    text = f"Known for {span(since, moment)} (since {day(since)}); {count}."
    return Line(
        text,
        date=since.date(),
        age_days=(moment - since).days,
        conversation_ids=[talks.first[0]] if talks.first else [],
    )


def _last_talk(newest: Sequence[Talk], believed: Sequence[Known], owner_name: str) -> list[Line]:
    """What it was about; each line rests on the facts of that talk that it names."""
    if not newest:
        return []
    talk = replace(newest[0], summary=told_to(owner_name, newest[0].summary or ""))
    told = [fact for fact in believed if fact.conversation_id == talk.id and fact.message_id]
    on = talk.started_at.date()
    return [
        line_of_talk(text, talk, *[fact for fact in told if mentions(text, fact)], on=on)
        for text in two_lines(talk)
    ]


def _changes(
    newest: Sequence[Talk],
    heard: Sequence[Known],
    begun: Sequence[Known],
    name: str,
    moment: datetime,
) -> list[Line]:
    """What was heard after the talk before the last: what replaced something, then what is new."""
    if len(newest) < 2:
        return []
    before = newest[1].started_at
    closed_by = defaultdict(list)
    for one in heard:
        if one.superseded_by is not None and one.review != Review.REJECTED:
            closed_by[one.superseded_by].append(one)
    changed, added = [], []
    for fact in _pinned_first(sorted(begun, key=_worth), moment):
        if fact.learned_at <= before:
            continue
        older = closed_by[fact.id]
        if older:
            values = ", ".join(one.value for one in older)
            text = f"{worded(fact, name)} (before: {values})"
            changed.append(line_of_facts(text, fact, *older, moment=moment))
        else:
            added.append(line_of_facts(worded(fact, name), fact, moment=moment))
    return [*changed, *added][:CHANGES_SHOWN]
