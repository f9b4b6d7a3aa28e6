"""Everything known about a partner, and what it offers for the next talk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from conversations.models import Conversation, ConversationTopic
from conversations.querysets import ConversationQuerySet
from convoai.briefing.known import Known, facts_about, known_at, true_at
from convoai.briefing.suggestions import suggestions_for
from partners.models import ConversationPartner


@dataclass(frozen=True)
class Profile:
    """A partner as existing frontends read it; times are written with `+00:00`."""

    partner_id: int
    partner_name: str
    email: str | None
    phone: str | None
    relationship: str | None
    notes: str | None
    statistics: dict[str, int]
    facts: dict[str, list[dict[str, Any]]]
    other_facts: list[dict[str, Any]]
    topics: list[str]
    last_conversation: dict[str, Any] | None
    created_at: str


def profile_of(partner: ConversationPartner, as_of: datetime | None = None) -> Profile:
    """The profile now, or as it was known at a moment; four queries, no model call.

    `facts` are about the partner, by category; `other_facts` name whom else they are about. What
    waits for review is in neither. `total_facts` counts both.
    """
    facts = _facts(partner, as_of)
    about_partner = [fact for fact in facts if fact.subject == "partner"]
    others = [fact for fact in facts if fact.subject != "partner"]
    everything = Conversation.objects.filter(
        user_id=partner.user_id, partner=partner, **_until("started_at", as_of)
    )
    talks = everything.filter(is_analyzed=True)
    last = talks.newest_first().values("pk", "started_at", "summary").first()
    topics = _topics(partner, as_of)
    return Profile(
        partner_id=partner.pk,
        partner_name=partner.name,
        email=partner.email,
        phone=partner.phone,
        relationship=partner.relationship,
        notes=partner.notes,
        statistics={
            **_counted(everything),
            "total_facts": len(facts),
            "facts_about_partner": len(about_partner),
            "facts_about_you": sum(fact.subject == "user" for fact in others),
            "facts_about_others": sum(fact.subject != "user" for fact in others),
            "pinned_facts": sum(fact.is_pinned_at(as_of) for fact in facts),
            "topics_count": len(topics),
        },
        facts=_by_category(about_partner, as_of),
        other_facts=[{"subject": one.subject, **_row(one, as_of)} for one in others],
        topics=topics,
        last_conversation=last
        and {
            "id": last["pk"],
            "date": last["started_at"].isoformat(),
            "summary": last["summary"],
        },
        created_at=partner.created_at.isoformat(),
    )


def insights_of(partner: ConversationPartner) -> dict[str, Any]:
    """What to say next time, and how much there is to go by; nine queries, no model call."""
    profile, offered = profile_of(partner), suggestions_for(partner)
    texts = [*offered.conversation_starters, *offered.follow_up_questions]
    return {
        "partner_id": partner.pk,
        "partner_name": partner.name,
        "suggestions": list(dict.fromkeys(texts)),
        "profile_summary": {
            "facts_count": profile.statistics["total_facts"],
            "topics_count": profile.statistics["topics_count"],
            "conversations_count": profile.statistics["total_conversations"],
        },
    }


def _counted(talks: ConversationQuerySet) -> dict[str, int]:
    """Talks and their messages: of those that were analysed, and of all."""
    analysed = Q(is_analyzed=True)
    counts: dict[str, int] = talks.aggregate(
        total_conversations=Count("pk", filter=analysed, distinct=True),
        total_messages=Count("messages", filter=analysed),
        all_conversations=Count("pk", distinct=True),
        all_messages=Count("messages"),
    )
    return counts


def _facts(partner: ConversationPartner, as_of: datetime | None) -> list[Known]:
    """What is known and true, pinned facts first, then the most certain."""
    facts = known_at(facts_about(partner), as_of)
    held = true_at(facts, as_of) if as_of else facts
    return sorted(held, key=lambda fact: not fact.is_pinned_at(as_of))


def _by_category(facts: Iterable[Known], as_of: datetime | None) -> dict[str, list[dict[str, Any]]]:
    by_category: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for fact in facts:
        by_category[fact.category].append(_row(fact, as_of))
    return dict(by_category)


def _row(fact: Known, as_of: datetime | None) -> dict[str, Any]:
    return {
        "id": fact.id,
        "key": fact.key,
        "value": fact.value,
        "confidence": fact.confidence,
        "extracted_at": fact.extracted_at.isoformat(),
        "is_pinned": fact.is_pinned_at(as_of),
    }


def _topics(partner: ConversationPartner, as_of: datetime | None) -> list[str]:
    """Topics of analysed talks, those of the newest talk first."""
    links = ConversationTopic.objects.filter(
        user_id=partner.user_id,
        conversation__partner=partner,
        conversation__is_analyzed=True,
        **_until("conversation__started_at", as_of),
    ).order_by("-conversation__started_at", "-relevance_score", "topic__name_key")
    return list(dict.fromkeys(links.values_list("topic__name", flat=True)))


def _until(column: str, moment: datetime | None) -> dict[str, datetime]:
    return {} if moment is None else {f"{column}__lte": moment}
