"""Everything known about a partner, and what it offers for the next talk."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from conversations.models import Conversation, ConversationTopic
from convoai.briefing.known import facts_about, known_at, true_at
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
    topics: list[str]
    last_conversation: dict[str, Any] | None
    created_at: str


def profile_of(partner: ConversationPartner, as_of: datetime | None = None) -> Profile:
    """The profile now, or as it was known at a moment; four queries, no model call.

    Counts analysed talks only, and facts about the partner (not about third persons, whom the
    rows could not name).
    """
    facts = _facts(partner, as_of)
    talks = Conversation.objects.filter(
        user_id=partner.user_id, partner=partner, is_analyzed=True, **_until("started_at", as_of)
    )
    counts = talks.aggregate(talks=Count("pk", distinct=True), messages=Count("messages"))
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
            "total_conversations": counts["talks"],
            "total_messages": counts["messages"],
            "total_facts": sum(len(rows) for rows in facts.values()),
            "topics_count": len(topics),
        },
        facts=facts,
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


def _facts(partner: ConversationPartner, as_of: datetime | None) -> dict[str, list[dict[str, Any]]]:
    facts = known_at(facts_about(partner), as_of)
    by_category: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for fact in true_at(facts, as_of) if as_of else facts:
        if fact.subject == "partner":
            by_category[fact.category].append(
                {
                    "key": fact.key,
                    "value": fact.value,
                    "confidence": fact.confidence,
                    "extracted_at": fact.extracted_at.isoformat(),
                }
            )
    return dict(by_category)


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
