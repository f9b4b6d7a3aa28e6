"""Briefings over the API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.versions import knowledge_version
from convoai.api.conditional import conditional_response, etag_of_version, is_known
from convoai.api.renderers import to_json
from convoai.api.viewsets import OwnedViewSet
from convoai.briefing.markdown import markdown_of
from convoai.briefing.page import briefing_for
from convoai.briefing.parameters import AS_OF, as_of
from convoai.briefing.profile import insights_of, profile_of
from convoai.briefing.remembered import Remembered
from convoai.briefing.serializers import (
    BriefingSerializer,
    InsightsSerializer,
    ProfileSerializer,
    SuggestionsSerializer,
)
from convoai.briefing.suggestions import suggestions_for
from partners.models import ConversationPartner

REMEMBERED = Remembered()
JSON, MARKDOWN = "application/json", "text/markdown"
UNCHANGED = OpenApiResponse(description="The client has the newest version.")
# Existing frontends send it along; nothing here calls a model.
KEY = OpenApiParameter("gemini_api_key", str, description="Ignored; no key is needed.")


class UnchangedViewSet(OwnedViewSet):
    """Answers about a partner that stay the same until something about the partner changes."""

    def unchanged(
        self, kind: str, make: Callable[[], Any], moment: datetime | None = None
    ) -> HttpResponseBase:
        """304, the answer this process remembers, or the one that `make` reads.

        One query tells which; the version is older than what `make` reads or the same, so that
        nothing stale can pass as new. Raises Http404.
        """
        pk = int(self.kwargs["pk"])
        version = knowledge_version(self.owner, pk)
        if version is None:
            raise Http404
        etag = etag_of_version(kind, pk, moment, version)
        if is_known(self.request, etag):
            return Response(status=304, headers={"ETag": etag})
        body = REMEMBERED.answer((kind, pk, moment), etag, lambda: to_json(make()))
        return HttpResponse(body, content_type=JSON, headers={"ETag": etag})


class SuggestionsViewSet(UnchangedViewSet):
    """What to talk about next with one partner."""

    model = ConversationPartner
    serializer_class = SuggestionsSerializer
    missing = "Partner {pk} not found"

    @extend_schema(
        summary="What to say next time", responses={200: SuggestionsSerializer, 304: UNCHANGED}
    )
    def retrieve(self, request: Request, pk: int) -> HttpResponseBase:
        return self.unchanged("suggestions", lambda: asdict(suggestions_for(self.get_object())))


class ProfileViewSet(UnchangedViewSet):
    """What is known about one partner."""

    model = ConversationPartner
    serializer_class = ProfileSerializer
    missing = "Partner {pk} not found"

    @extend_schema(
        summary="Everything known about a partner",
        parameters=[AS_OF, KEY],
        responses={200: ProfileSerializer, 304: UNCHANGED},
    )
    def retrieve(self, request: Request, pk: int) -> HttpResponseBase:
        moment = as_of(request)
        return self.unchanged(
            "profile", lambda: asdict(profile_of(self.get_object(), moment)), moment
        )

    @extend_schema(
        summary="What to say next time, and how much is known",
        parameters=[KEY],
        responses={200: InsightsSerializer, 304: UNCHANGED},
    )
    def insights(self, request: Request, pk: int) -> HttpResponseBase:
        return self.unchanged("insights", lambda: insights_of(self.get_object()))


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
        partner = self.get_object()
        # Known without another query.
        partner.user = self.owner
        page = briefing_for(partner, moment)
        answer: HttpResponseBase
        if request.get_preferred_type([JSON, MARKDOWN]) == MARKDOWN:
            answer = HttpResponse(markdown_of(page), content_type=f"{MARKDOWN}; charset=utf-8")
        else:
            answer = conditional_response(request, asdict(page))
        patch_vary_headers(answer, ["Accept"])
        return answer
