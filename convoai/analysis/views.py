"""Analysing over the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.models import Conversation, ExtractedFact
from conversations.promises import open_lines, promises_of
from conversations.serializers.facts import FactSerializer
from convoai.analysis.job_views import queued
from convoai.analysis.jobs import queue_analysis
from convoai.analysis.serializers import (
    AnalysisSerializer,
    AnalyzedAllSerializer,
    AnalyzedConversationSerializer,
    QueuedJobSerializer,
)
from convoai.analysis.services import analyze_conversation
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
        responses={200: AnalysisSerializer, 202: QueuedJobSerializer},
    )
    def analyze(self, request: Request, pk: int) -> Response:
        force, later = self.flag("force"), self.flag("async")
        conversation = self.find(self.get_queryset().with_partner(), pk)
        if later:
            return queued(queue_analysis(conversation=conversation, force=force))
        analysis = analyze_conversation(conversation=conversation, force=force)
        facts = ExtractedFact.objects.filter(conversation=conversation).most_certain_first()
        items = Conversation.objects.filter(pk=pk).values_list("action_items", flat=True)
        name = conversation.partner.name
        return Response(
            {
                "conversation_id": conversation.pk,
                "analyzer": f"{analysis.analyzer}/{analysis.version}",
                "summary": analysis.summary,
                "main_topics": [topic.name for topic in analysis.topics],
                "extracted_facts": FactSerializer(facts, many=True).data,
                "sentiment": analysis.sentiment,
                "key_insights": analysis.key_insights,
                "suggested_topics": analysis.suggested_topics,
                "suggested_questions": analysis.suggested_questions,
                "action_items": open_lines(promises_of(items.first(), name), name),
            }
        )

    @extend_schema(
        summary="Understand a talk, answer with figures",
        request=ConversationChoice,
        responses=AnalyzedConversationSerializer,
    )
    def analyze_chosen(self, request: Request) -> Response:
        chosen = read_body(request, ConversationChoice)["conversation_id"]
        conversation = self.find(self.get_queryset().with_partner(), chosen)
        analysis = analyze_conversation(conversation=conversation)
        facts = ExtractedFact.objects.filter(conversation=conversation).count()
        return Response(
            {
                "conversation_id": conversation.pk,
                "facts_extracted": facts,
                "topics_identified": len(analysis.topics),
                "summary": analysis.summary,
            }
        )

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
        responses=AnalyzedAllSerializer,
    )
    def analyze_all(self, request: Request, pk: int) -> Response:
        self.find(ConversationPartner.objects.owned_by(request.user), pk)
        talks = self.get_queryset().filter(partner_id=pk)
        total = talks.count()
        waiting: list[Any] = list(
            talks.filter(is_analyzed=False).with_partner().order_by("started_at", "pk")
        )
        analyses = [analyze_conversation(conversation=talk) for talk in waiting]
        done = sum(analysis.sentiment != "unknown" for analysis in analyses)
        message = f"Analyzed {done} conversations" if done else "All conversations are analyzed"
        return Response({"message": message, "analyzed_count": done, "total_conversations": total})
