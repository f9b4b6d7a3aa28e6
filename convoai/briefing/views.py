"""Briefings over the API."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from convoai.api.conditional import conditional_response
from convoai.api.viewsets import OwnedViewSet
from convoai.briefing.markdown import markdown_of
from convoai.briefing.page import briefing_for
from convoai.briefing.parameters import AS_OF, as_of
from convoai.briefing.profile import insights_of, profile_of
from convoai.briefing.serializers import (
    BriefingSerializer,
    InsightsSerializer,
    ProfileSerializer,
    SuggestionsSerializer,
)
from convoai.briefing.suggestions import suggestions_for
from partners.models import ConversationPartner

JSON, MARKDOWN = "application/json", "text/markdown"
UNCHANGED = OpenApiResponse(description="The client has the newest version.")
# Existing frontends send it along; nothing here calls a model.
KEY = OpenApiParameter("gemini_api_key", str, description="Ignored; no key is needed.")


class SuggestionsViewSet(OwnedViewSet):
    """What to talk about next with one partner."""

    model = ConversationPartner
    serializer_class = SuggestionsSerializer
    missing = "Partner {pk} not found"

    @extend_schema(summary="What to say next time", responses=SuggestionsSerializer)
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(asdict(suggestions_for(self.get_object())))


class ProfileViewSet(OwnedViewSet):
    """What is known about one partner."""

    model = ConversationPartner
    serializer_class = ProfileSerializer
    missing = "Partner {pk} not found"

    @extend_schema(
        summary="Everything known about a partner",
        parameters=[AS_OF, KEY],
        responses={200: ProfileSerializer, 304: UNCHANGED},
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        moment = as_of(request)
        return conditional_response(request, asdict(profile_of(self.get_object(), moment)))

    @extend_schema(
        summary="What to say next time, and how much is known",
        parameters=[KEY],
        responses={200: InsightsSerializer, 304: UNCHANGED},
    )
    def insights(self, request: Request, pk: int) -> Response:
        return conditional_response(request, insights_of(self.get_object()))


class BriefingViewSet(OwnedViewSet):
    """One page before the next talk."""

    model = ConversationPartner
    serializer_class = BriefingSerializer
    missing = "Partner {pk} not found"

    @extend_schema(
        summary="One page to read before the next talk",
        description="JSON, or Markdown where `Accept` prefers `text/markdown`.",
        parameters=[AS_OF],
        responses={
            (200, "application/json"): BriefingSerializer,
            (200, "text/markdown"): str,
            304: UNCHANGED,
        },
    )
    def retrieve(self, request: Request, pk: int) -> HttpResponseBase:
        moment = as_of(request)
        page = briefing_for(self.get_object(), moment)
        answer: HttpResponseBase
        if request.get_preferred_type([JSON, MARKDOWN]) == MARKDOWN:
            answer = HttpResponse(markdown_of(page), content_type=f"{MARKDOWN}; charset=utf-8")
        else:
            answer = conditional_response(request, asdict(page))
        patch_vary_headers(answer, ["Accept"])
        return answer
