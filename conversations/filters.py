"""Query parameters of the lists of conversations, messages, topics and facts."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from conversations.models import Conversation, ExtractedFact, Message, Topic
from conversations.models.fact import Origin, Review
from conversations.models.message import Sender
from convoai.api.filters import (
    ChoiceFilter,
    DayFilter,
    FlagFilter,
    IdFilter,
    MomentFilter,
    TextFilter,
)
from convoai.database.fields import casefold_key


class PartnerFilter(IdFilter):
    """By partner; 0 means all, as existing frontends send it."""

    def filter(self, qs: QuerySet[Any], value: int | None) -> QuerySet[Any]:
        return qs.filter(partner_id=value) if value else qs


class ConversationFilters(filters.FilterSet):
    partner_id = PartnerFilter(label="Talks with this partner; 0 for all")
    is_analyzed = FlagFilter(label="Analysed or not")
    since = MomentFilter(field_name="started_at", lookup_expr="gte", label="Started since")
    until = MomentFilter(field_name="started_at", lookup_expr="lt", label="Started before")
    source = TextFilter(label="Where it came from")
    external_id = TextFilter(label="The name that its maker gave it")
    topic = TextFilter(method="about", label="About this topic")

    class Meta:
        model = Conversation
        fields: list[str] = []

    def about(self, qs: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return qs.filter(conversation_topics__topic__name_key=casefold_key(value))


class MessageFilters(filters.FilterSet):
    sender = ChoiceFilter(choices=Sender.choices, label="Who said it")
    since = MomentFilter(field_name="timestamp", lookup_expr="gte", label="Said since")
    until = MomentFilter(field_name="timestamp", lookup_expr="lt", label="Said before")

    class Meta:
        model = Message
        fields: list[str] = []


class TopicFilters(filters.FilterSet):
    partner_id = IdFilter(method="of_partner", label="Topics of the talks with this partner")
    category = TextFilter(lookup_expr="iexact", label="Category")

    class Meta:
        model = Topic
        fields: list[str] = []

    def of_partner(self, qs: Any, name: str, value: int) -> Any:
        return qs.of_partner(self.request.user if self.request else None, value)


class FactFilters(filters.FilterSet):
    partner_id = PartnerFilter(label="Facts about this partner")
    conversation_id = IdFilter(label="Facts from this talk")
    source_message_id = IdFilter(label="Facts that rest on this message")
    category = TextFilter(lookup_expr="iexact", label="Category")
    key = TextFilter(field_name="fact_key", label="Key")
    fact_key = TextFilter(label="Key")
    current = FlagFilter(field_name="is_current", label="Current or retired")
    is_current = FlagFilter(label="Current or retired")
    subject = TextFilter(label="partner, user, or a name")
    origin = ChoiceFilter(choices=Origin.choices, label="Whose word it is")
    review = ChoiceFilter(choices=Review.choices, label="State of review")
    to_review = FlagFilter(method="waiting", label="In doubt or hardly sure, or not so")
    pinned = FlagFilter(
        field_name="pinned_at", lookup_expr="isnull", exclude=True, label="Pinned or not"
    )
    since = MomentFilter(field_name="extracted_at", lookup_expr="gte", label="Learned since")
    as_of = DayFilter(method="known_at", label="Known and true then; a day means its end")

    class Meta:
        model = ExtractedFact
        fields: list[str] = []

    def waiting(self, qs: Any, name: str, value: bool) -> Any:
        return qs.to_review(waiting=value)

    def known_at(self, qs: Any, name: str, value: Any) -> Any:
        return qs.as_of(value)
