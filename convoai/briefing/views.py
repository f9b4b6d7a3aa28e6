"""Briefings over the API."""

from __future__ import annotations

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from convoai.api.viewsets import OwnedViewSet
from convoai.briefing.serializers import SuggestionsSerializer
from convoai.briefing.suggestions import suggestions_for
from partners.models import ConversationPartner


class SuggestionsViewSet(OwnedViewSet):
    """What to talk about next with one partner."""

    model = ConversationPartner
    serializer_class = SuggestionsSerializer
    missing = "Partner {pk} not found"

    @extend_schema(summary="What to say next time", responses=SuggestionsSerializer)
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(asdict(suggestions_for(self.get_object())))
