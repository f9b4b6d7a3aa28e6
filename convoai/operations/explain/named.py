"""Reads with a name: the QuerySet methods of the rooms, and the parts of a search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.utils import timezone

from conversations.models import Conversation, ExtractedFact, Message, Topic
from partners.models import ConversationPartner

PAGE = 50


@dataclass(frozen=True)
class Named:
    """`rows` gives the QuerySet for a user and some words; `path` the request, where it is one."""

    told: str
    rows: Callable[[Any, str], Any] | None = None
    path: str = ""

    def address(self, words: str) -> str:
        return f"{self.path}{quote(words)}"


def _topics_of_partner(user: Any, _: str) -> Any:
    partner = ConversationPartner.objects.owned_by(user).order_by("pk").only("pk").first()
    return Topic.objects.of_partner(user, partner.pk if partner else 0)


SEARCH = "/api/search?type={}&q="
NAMED: Mapping[str, Named] = {
    "conversations.newest_first": Named(
        "the newest talks with partner and counts",
        lambda user, _: (
            Conversation.objects.owned_by(user)
            .with_partner()
            .without_transcript()
            .with_counts()
            .newest_first()[:PAGE]
        ),
    ),
    "conversations.matching": Named(
        "talks that hold all the words, best first",
        lambda user, words: (
            Conversation.objects.owned_by(user)
            .without_transcript()
            .matching(words)
            .order_by("-rank", "-pk")[:PAGE]
        ),
    ),
    "messages.in_order": Named(
        "messages as they were said",
        lambda user, _: Message.objects.owned_by(user).in_order()[:PAGE],
    ),
    "messages.matching": Named(
        "messages that hold all the words",
        lambda user, words: Message.objects.owned_by(user).matching(words)[:PAGE],
    ),
    "messages.not_embedded": Named(
        "messages without a vector of the present model (everybody's)",
        lambda _, __: Message.objects.not_embedded("none")[:PAGE],
    ),
    "topics.owned_by": Named("topics with counts", lambda user, _: Topic.objects.owned_by(user)),
    "topics.of_partner": Named("topics of the talks with one partner", _topics_of_partner),
    "facts.matching": Named(
        "facts with all the words",
        lambda user, words: ExtractedFact.objects.owned_by(user).matching(words)[:PAGE],
    ),
    "facts.pinned_first": Named(
        "current facts, pinned ones first",
        lambda user, _: ExtractedFact.objects.owned_by(user).current().pinned_first()[:PAGE],
    ),
    "facts.to_review": Named(
        "facts that wait for a person's word",
        lambda user, _: ExtractedFact.objects.owned_by(user).to_review()[:PAGE],
    ),
    "facts.as_of": Named(
        "facts known at a moment",
        lambda user, _: ExtractedFact.objects.owned_by(user).as_of(timezone.now())[:PAGE],
    ),
    "partners.matching": Named(
        "partners with all the words",
        lambda user, words: ConversationPartner.objects.owned_by(user).matching(words)[:PAGE],
    ),
    "partners.with_talk_count": Named(
        "partners with the number of their talks",
        lambda user, _: ConversationPartner.objects.owned_by(user).with_talk_count()[:PAGE],
    ),
    "search.messages": Named("search: ranked messages", path=SEARCH.format("message")),
    "search.conversations": Named("search: talks", path=SEARCH.format("conversation")),
    "search.facts": Named("search: facts", path=SEARCH.format("fact")),
    "search.partners": Named("search: partners", path=SEARCH.format("partner")),
}
