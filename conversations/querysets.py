"""How conversations, messages, topics and facts are read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVectorField
from django.db import models
from django.db.models import Count, Exists, F, Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Least

from conversations.fact_keys import AHEAD
from convoai.database.fields import casefold_key
from convoai.database.typed import beginnings, has_signs, whole_words

if TYPE_CHECKING:
    from conversations.models import (  # noqa: F401 - names in annotations
        Conversation,
        ConversationTopic,
        ExtractedFact,
        Message,
        Topic,
    )

M = TypeVar("M", bound=models.Model)

# Columns of kilobytes to megabytes that no list may read; a defer() of them is the default.
CONVERSATION_VECTORS = ("embedding", "embedding_bits", "transcript_search")
MESSAGE_VECTORS = ("embedding", "search", "search_rest")
# Facts less certain than this are shown to the person for review.
HARDLY_SURE = 0.5


def typed_query(words: str) -> SearchQuery:
    """What people type, folded as the search columns are (migration 0007)."""
    folded = Func(Value(words), function="convoai_query_text", output_field=models.TextField())
    return SearchQuery(folded, search_type="websearch", config="english")


class OwnedQuerySet(models.QuerySet[M]):
    """Rows that carry their owner; start with `owned_by`."""

    def owned_by(self, user: Any) -> Self:
        """The rows of one user; of nobody when there is no signed-in user."""
        if user is None or user.pk is None:
            return self.none()
        return self.filter(user_id=user.pk)


class ConversationQuerySet(OwnedQuerySet["Conversation"]):
    def newest_first(self) -> Self:
        return self.order_by("-started_at", "-pk")

    def with_partner(self) -> Self:
        """With the partner in the same query, without the partner's face."""
        return self.select_related("partner").defer(
            *CONVERSATION_VECTORS, "partner__image_embedding", "partner__image_embedding_bits"
        )

    def without_transcript(self) -> Self:
        return self.defer(*CONVERSATION_VECTORS, "full_transcript")

    def with_counts(self) -> Self:
        """Adds `message_count` and `fact_count`."""
        from conversations.models import ExtractedFact, Message

        return self.annotate(
            message_count=count_of(Message, "conversation"),
            fact_count=count_of(ExtractedFact, "conversation"),
        )

    def matching(self, words: str) -> Self:
        """Conversations whose title, summary or talk holds all the words, best first.

        Takes what people type into a search box: quotes, OR, -word.
        """
        query = typed_query(words)
        return self.filter(transcript_search=query).annotate(
            rank=SearchRank(F("transcript_search"), query)
        )


class MessageQuerySet(OwnedQuerySet["Message"]):
    def in_order(self) -> Self:
        return self.order_by("conversation_id", "position")

    def not_embedded(self, model: str) -> Self:
        """Messages that the model has not embedded yet: new ones, and those of another model."""
        # Not "differs from", which no index serves.
        others = Q(embedding_model__lt=model) | Q(embedding_model__gt=model)
        return self.filter(others | Q(embedding_model__isnull=True))

    def matching(self, words: str) -> Self:
        """Messages that hold all the words."""
        return self.filter(search=typed_query(words))


class TopicQuerySet(models.QuerySet["Topic"]):
    def owned_by(self, user: Any) -> Self:
        """Topics of the user's own conversations, with `conversation_count`."""
        from conversations.models import ConversationTopic

        return self._linked_by(ConversationTopic.objects.owned_by(user))

    def of_partner(self, user: Any, partner_id: int) -> Self:
        """Of those, the topics of the talks with one partner, counting these talks only."""
        from conversations.models import ConversationTopic

        links = ConversationTopic.objects.owned_by(user)
        return self._linked_by(links.filter(conversation__partner_id=partner_id))

    def _linked_by(self, links: models.QuerySet[ConversationTopic]) -> Self:
        # Subqueries and not joins: topics are shared, and a second filter() over a join would
        # look at everybody's links again.
        of_topic = links.filter(topic=OuterRef("pk"))
        count = of_topic.order_by().values("topic").annotate(n=Count("pk")).values("n")
        return self.filter(Exists(of_topic)).annotate(
            conversation_count=Coalesce(Subquery(count), 0)
        )


class ConversationTopicQuerySet(OwnedQuerySet["ConversationTopic"]):
    pass


class FactQuerySet(OwnedQuerySet["ExtractedFact"]):
    def matching(self, words: str) -> Self:
        """Facts with all the words, each perhaps cut short, in key, value, category, subject or
        quote; through idx_facts_search."""
        columns = ("user_id", "category", "fact_key", "fact_value", "subject", "quote")
        lexemes = Func(
            *map(F, columns), function="convoai_fact_words", output_field=SearchVectorField()
        )
        find = whole_words if has_signs(words) else beginnings
        return self.alias(lexemes=lexemes).filter(lexemes=find(words, "english"))

    def current(self) -> Self:
        return self.filter(is_current=True)

    def most_certain_first(self) -> Self:
        return self.order_by("-confidence", "-extracted_at", "pk")

    def pinned_first(self) -> Self:
        """Pinned facts, then the most certain."""
        pinned = F("pinned_at").asc(nulls_last=True)
        return self.order_by(pinned, "-confidence", "-extracted_at", "pk")

    def to_review(self, *, waiting: bool = True) -> Self:
        """What waits for a person's word: in doubt, or held though hardly sure. Or all the rest."""
        hardly_sure = Q(review="unreviewed", is_current=True, confidence__lt=HARDLY_SURE)
        condition = Q(review="needs_review") | hardly_sure
        return self.filter(condition if waiting else ~condition)

    def as_of(self, moment: datetime) -> Self:
        """What was known and true at that moment, as profiles and briefings replay it.

        A fact is known from its talk on, whenever that was analysed. That it made an older value
        untrue is known from then on, too. Plans and wishes count before their date; what was
        rejected or waits for review does not count.
        """
        return self.alias(
            # The database's LEAST passes over nulls.
            learned_at=Least("conversation__started_at", "extracted_at"),
            closed_at=Least(
                "superseded_by__conversation__started_at", "superseded_by__extracted_at"
            ),
        ).filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=moment) | Q(fact_key__in=AHEAD),
            Q(is_current=True, valid_to__isnull=True)
            | Q(valid_to__gt=moment)
            | Q(is_current=False, closed_at__gt=moment),
            ~Q(review__in=["rejected", "needs_review"]),
            learned_at__lte=moment,
        )


class ConversationManager(models.Manager.from_queryset(ConversationQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> ConversationQuerySet:
        queryset: ConversationQuerySet = super().get_queryset().defer(*CONVERSATION_VECTORS)
        return queryset

    def get_by_natural_key(self, email: str, external_id: str) -> Any:
        return self.get(user__email=email, external_id=external_id)


class MessageManager(models.Manager.from_queryset(MessageQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> MessageQuerySet:
        queryset: MessageQuerySet = super().get_queryset().defer(*MESSAGE_VECTORS)
        return queryset

    def get_by_natural_key(self, email: str, external_id: str, position: int) -> Any:
        return self.get(user__email=email, conversation__external_id=external_id, position=position)


class TopicManager(models.Manager.from_queryset(TopicQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, name: str) -> Any:
        return self.get(name_key=casefold_key(name))


class ConversationTopicManager(
    models.Manager.from_queryset(ConversationTopicQuerySet)  # type: ignore[misc]
):
    def get_by_natural_key(self, email: str, external_id: str, name: str) -> Any:
        return self.get(
            user__email=email,
            conversation__external_id=external_id,
            topic__name_key=casefold_key(name),
        )


class FactManager(models.Manager.from_queryset(FactQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, email: str, external_id: str, key: str, value: str) -> Any:
        """The fact that a fixture means, also when it was corrected or outlived its talk since."""
        talk = Q(conversation__external_id=external_id) | Q(conversation__isnull=True)
        heard = Q(fact_value=value) | Q(original_value=value)
        found = self.filter(talk, heard, user__email=email, fact_key=key)
        fact = found.order_by(F("conversation").asc(nulls_last=True), "pk").first()
        if fact is None:
            raise self.model.DoesNotExist
        return fact


def count_of(model: type[models.Model], parent: str) -> Coalesce:
    """The number of a row's children as a subquery, so that several counts do not multiply."""
    counted = (
        model._default_manager.filter(**{parent: OuterRef("pk")})
        .order_by()
        .values(parent)
        .annotate(count=Count("pk"))
        .values("count")
    )
    return Coalesce(Subquery(counted), 0)
