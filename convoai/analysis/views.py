"""Analysing over the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.models import Conversation, ConversationTopic, ExtractedFact
from conversations.promises import open_lines, promises_of
from conversations.serializers.facts import FactSerializer
from convoai.analysis.inline import Understood, understand, understand_all
from convoai.analysis.job_views import goes_on
from convoai.analysis.jobs import Job, queue_analysis
from convoai.analysis.serializers import (
    AnalysisSerializer,
    AnalyzedAllSerializer,
    AnalyzedConversationSerializer,
    GoesOnSerializer,
    QueuedJobSerializer,
)
from convoai.api.errors import InvalidParameter
from convoai.api.fields import Flag, Id, Input
from convoai.api.viewsets import OwnedViewSet, read_body
from partners.models import ConversationPartner

FORCE = OpenApiParameter(
    "force", bool, description="Analyse again; replaces what nobody confirmed or corrected."
)
ASYNC = OpenApiParameter(
    "async", bool, description="Queue it for a worker and answer 202 with a job to ask for."
)

# The lists of lines that an analysis leaves with its talk.
LISTS = ("key_insights", "suggested_topics", "suggested_questions", "action_items")


class ConversationChoice(Input):
    conversation_id = Id()


class AnalysisViewSet(OwnedViewSet):
    """Talks, understood."""

    model = Conversation
    serializer_class = AnalysisSerializer
    missing = "Conversation not found"

    @extend_schema(
        summary="Understand a talk",
        request=None,
        parameters=[FORCE, ASYNC],
        responses={200: AnalysisSerializer, 202: GoesOnSerializer},
    )
    def analyze(self, request: Request, pk: int) -> Response:
        force, later = self.flag("force"), self.flag("async")
        conversation = self.find(self.get_queryset().with_partner(), pk)
        if later:
            queued = queue_analysis(conversation=conversation, force=force)
            return goes_on(queued, nothing_yet(conversation))
        found = understand(conversation=conversation, force=force)
        if isinstance(found, Job) and found.status != "done":
            return goes_on(found, nothing_yet(conversation))
        if isinstance(found, Job):
            conversation.refresh_from_db()
            return Response(stored(conversation))
        return Response(
            {
                "conversation_id": conversation.pk,
                "analyzer": f"{found.analyzer}/{found.version}",
                "summary": found.summary,
                "main_topics": [topic.name for topic in found.topics],
                "extracted_facts": facts_of(conversation),
                "sentiment": found.sentiment,
                "key_insights": found.key_insights,
                "suggested_topics": found.suggested_topics,
                "suggested_questions": found.suggested_questions,
                "action_items": open_promises(conversation),
            }
        )

    @extend_schema(
        summary="Understand a talk, answer with figures",
        request=ConversationChoice,
        responses={200: AnalyzedConversationSerializer, 202: QueuedJobSerializer},
    )
    def analyze_chosen(self, request: Request) -> Response:
        chosen = read_body(request, ConversationChoice)["conversation_id"]
        conversation = self.find(self.get_queryset().with_partner(), chosen)
        found = understand(conversation=conversation)
        if isinstance(found, Job):
            conversation.refresh_from_db()
            summary = conversation.summary or ""
            topics = ConversationTopic.objects.filter(conversation=conversation).count()
        else:
            summary, topics = found.summary, len(found.topics)
        figures = {
            "conversation_id": conversation.pk,
            "facts_extracted": ExtractedFact.objects.filter(conversation=conversation).count(),
            "topics_identified": topics,
            "summary": summary,
        }
        if isinstance(found, Job) and found.status != "done":
            return goes_on(found, figures)
        return Response(figures)

    def flag(self, name: str) -> bool:
        """A query parameter that is true or false. Raises InvalidParameter for anything else."""
        asked = self.request.query_params.get(name)
        if asked is None:
            return False
        try:
            return bool(Flag().run_validation(asked))
        except ValidationError as error:
            raise InvalidParameter({name: error.detail}) from None


class PartnerAnalysisViewSet(OwnedViewSet):
    """All talks with one partner, understood."""

    model = Conversation
    serializer_class = AnalyzedAllSerializer
    missing = "Partner {pk} not found"

    @extend_schema(
        summary="Understand all talks with a partner that are not yet",
        request=None,
        responses={200: AnalyzedAllSerializer, 202: AnalyzedAllSerializer},
    )
    def analyze_all(self, request: Request, pk: int) -> Response:
        self.find(ConversationPartner.objects.owned_by(request.user), pk)
        talks = self.get_queryset().filter(partner_id=pk)
        total = talks.count()
        waiting = talks.filter(is_analyzed=False).order_by("started_at", "pk")
        found = understand_all(waiting)
        return Response(
            {
                "message": told(found),
                "analyzed_count": found.done,
                "total_conversations": total,
                "failed": [
                    {"conversation_id": one.conversation_id, "reason": one.failure}
                    for one in found.failed
                ],
                "left": found.left,
                "jobs": found.jobs,
            },
            status=202 if found.jobs else 200,
        )


def facts_of(conversation: Conversation) -> list[Any]:
    """The facts that rest on a talk, as JSON."""
    facts = ExtractedFact.objects.filter(conversation=conversation).most_certain_first()
    return list(FactSerializer(facts, many=True).data)


def open_promises(conversation: Conversation) -> list[str]:
    """The promises of a talk that are still to be kept, in a line each."""
    found = Conversation.objects.filter(pk=conversation.pk).values_list("action_items", flat=True)
    name = conversation.partner.name
    return open_lines(promises_of(found.first(), name), name)


def stored(conversation: Conversation) -> dict[str, Any]:
    """The answer about a talk that a worker has understood."""
    links = ConversationTopic.objects.filter(conversation=conversation)
    topics = links.order_by("-relevance_score", "pk").values_list("topic__name", flat=True)
    return {
        "conversation_id": conversation.pk,
        "analyzer": conversation.analyzer or "",
        "summary": conversation.summary or "",
        "main_topics": list(topics),
        "extracted_facts": facts_of(conversation),
        "sentiment": conversation.sentiment or "unknown",
        **{name: getattr(conversation, name) or [] for name in LISTS},
        "action_items": open_promises(conversation),
    }


def nothing_yet(conversation: Conversation) -> dict[str, Any]:
    """What a frontend that knows nothing of jobs can read: as of a talk without words."""
    return {
        "conversation_id": conversation.pk,
        "analyzer": "",
        "summary": "",
        "main_topics": [],
        "extracted_facts": [],
        "sentiment": "unknown",
        **{name: [] for name in LISTS},
    }


def told(found: Understood) -> str:
    """What became of many talks, in a sentence or two."""
    parts = []
    if found.done:
        parts.append(f"Analyzed {found.done} conversations")
    if found.failed:
        parts.append(f"{len(found.failed)} failed")
    if found.jobs:
        parts.append(f"a worker goes on with {len(found.jobs)}: ask for the jobs")
    if found.lost_over:
        parts.append(f"stopped, since the next would fail as well ({found.lost_over})")
    elif found.left:
        parts.append(f"{found.left} are left: ask again")
    return "; ".join(parts) or "All conversations are analyzed"
