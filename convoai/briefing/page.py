"""One page to read before the next talk; every line names what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from conversations.models.fact import Review
from convoai.briefing.dates import coming_up
from convoai.briefing.known import Known, facts_about, known_at
from convoai.briefing.lines import Line, line_of_facts, line_of_talk, worded
from convoai.briefing.promises import promises_in
from convoai.briefing.questions import questions
from convoai.briefing.talks import Talk, Talks, talks_with, two_lines
from convoai.briefing.wording import PREDICATES, day, span
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
    last_talk: list[Line]
    changes: list[Line]
    promises: dict[str, list[Line]]
    coming_up: list[Line]
    remember: list[Line]
    ask: list[Line]
    avoid: list[Line]


def briefing_for(partner: ConversationPartner, as_of: datetime | None = None) -> Briefing:
    """The briefing now, or as it would have read at a moment; three queries, no model call."""
    return compose(partner, facts_about(partner), talks_with(partner, as_of), as_of)


def compose(
    partner: ConversationPartner, facts: Sequence[Known], talks: Talks, as_of: datetime | None
) -> Briefing:
    """The page from rows that were read; apart from the clock (`as_of` None) a pure function."""
    moment = as_of or timezone.now()
    name = partner.name
    heard = [fact for fact in facts if as_of is None or fact.learned_at <= as_of]
    # What is in doubt waits for review; what the owner said of themselves, they know.
    live = [
        fact
        for fact in known_at(facts, as_of)
        if fact.review != Review.NEEDS_REVIEW and fact.subject != "user"
    ]
    begun = [fact for fact in live if fact.valid_from is None or fact.valid_from <= moment]
    own = [fact for fact in begun if fact.subject == "partner" and fact.key in IDENTITY]
    avoided = [fact for fact in begun if fact.key in AVOIDED]
    ahead = coming_up(live, moment)[:DATES_SHOWN]
    changes = _changes(talks.newest, heard, begun, name, moment)
    elsewhere = {fact.id for fact in [*own, *avoided, *(fact for fact, _ in ahead)]}
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
        last_talk=_last_talk(talks.newest),
        changes=changes,
        promises=_promises(talks.newest, name, moment),
        coming_up=[
            line_of_facts(worded(fact, name), fact, moment=moment, on=on) for fact, on in ahead
        ],
        remember=_lines(sorted(rest, key=_worth)[:REMEMBERED], name, moment),
        ask=questions(talks.newest, heard, live, moment),
        avoid=_lines(avoided, name, moment),
    )


def _lines(facts: Sequence[Known], name: str, moment: datetime) -> list[Line]:
    return [line_of_facts(worded(fact, name), fact, moment=moment) for fact in facts]


def _worth(fact: Known) -> tuple[bool, int, float, float]:
    """Sorts facts: those a person vouched for, lasting ones before passing ones, the surest."""
    lasts = fact.key not in PREDICATES
    rank = 0 if lasts else 1 if fact.key in TELLING else 3 if fact.key in PASSING else 2
    return not fact.is_decided, rank, -fact.confidence, -fact.learned_at.timestamp()


def _how_long(partner: ConversationPartner, talks: Talks, moment: datetime) -> Line:
    met = [at for at in (partner.created_at, talks.first_at) if at and at <= moment]
    count = f"{talks.count} talk{'' if talks.count == 1 else 's'}"
    if not met:
        return Line(f"{count} so far.")
    since = min(met)
    text = f"Known for {span(since, moment)} (since {day(since)}); {count}."
    return Line(text, date=since.date(), age_days=(moment - since).days)


def _last_talk(newest: Sequence[Talk]) -> list[Line]:
    if not newest:
        return []
    talk = newest[0]
    return [line_of_talk(text, talk, on=talk.started_at.date()) for text in two_lines(talk)]


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
    changed, added = [], []
    for fact in sorted(begun, key=_worth):
        if fact.learned_at <= before:
            continue
        older = [
            one for one in heard if one.superseded_by == fact.id and one.review != Review.REJECTED
        ]
        if older:
            values = ", ".join(one.value for one in older)
            text = f"{worded(fact, name)} (before: {values})"
            changed.append(line_of_facts(text, fact, *older, moment=moment))
        else:
            added.append(line_of_facts(worded(fact, name), fact, moment=moment))
    return [*changed, *added][:CHANGES_SHOWN]


def _promises(newest: Sequence[Talk], name: str, moment: datetime) -> dict[str, list[Line]]:
    """Promises of the newest talks; nobody says when one was kept, so they age."""
    lines: dict[str, list[Line]] = {"yours": [], "theirs": []}
    for promise in promises_in(newest, name):
        text = promise.text
        if promise.due:
            due = f"{promise.due.day} {promise.due:%B %Y}"
            if promise.due < moment.date():
                text = f"{text} (was due {due})"
            elif due not in text:
                text = f"{text} (by {due})"
        side = lines["yours" if promise.is_own else "theirs"]
        side.append(line_of_talk(text, promise.talk, on=promise.due))
    return lines
