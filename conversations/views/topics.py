"""Topics over the API."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.filters import TopicFilters
from conversations.models import Topic
from conversations.serializers.topics import TopicSerializer
from convoai.api.filters import FilterBackend
from convoai.api.paging import CappedPages
from convoai.api.viewsets import OwnedViewSet


class TopicViewSet(OwnedViewSet):
    """Topics of the requester's own talks."""

    model = Topic
    serializer_class = TopicSerializer
    pagination_class = CappedPages
    filter_backends = [FilterBackend]
    filterset_class = TopicFilters
    orderings = {
        "-conversation_count": ("-conversation_count", "name_key"),
        "conversation_count": ("conversation_count", "name_key"),
        "name": ("name_key",),
        "-name": ("-name_key",),
    }

    @extend_schema(
        summary="Own topics, the most talked about first", responses=TopicSerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        return self.list_response(self.get_queryset())
