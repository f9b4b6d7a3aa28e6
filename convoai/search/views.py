"""Search over the API."""

from __future__ import annotations

import time

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations.models import Conversation
from convoai.api.viewsets import OwnedViewSet
from convoai.search.finding import find
from convoai.search.parameters import (
    SearchParameters,
    SimilarParameters,
    limit_asked,
    search_asked,
)
from convoai.search.serializers import SearchSerializer, SimilarSerializer
from convoai.search.similar import similar_talks


class SearchView(APIView):
    """Everything ever said to or learned about the requester's partners."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        summary="Find messages, conversations, facts and partners",
        parameters=[SearchParameters],
        responses=SearchSerializer,
    )
    def get(self, request: Request) -> Response:
        started = time.perf_counter()
        search = search_asked(request.user, request.query_params.dict())
        found = find(search)
        took = (time.perf_counter() - started) * 1000
        return Response(
            {
                "query": search.question.text,
                "mode": found.mode,
                "took_ms": round(took, 1),
                "results": [result.shown(explain=search.explain) for result in found.results],
                "next_offset": search.offset + search.limit if found.more else None,
                "dropped": list(found.dropped),
                "not_embedded": found.not_embedded,
            }
        )


class SimilarViewSet(OwnedViewSet):
    """What else was talked about like this."""

    model = Conversation
    serializer_class = SimilarSerializer
    missing = "Conversation not found"

    @extend_schema(
        summary="The talks most like a talk",
        parameters=[SimilarParameters],
        responses=SimilarSerializer,
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        limit = limit_asked(request.query_params.dict())
        similar = similar_talks(self.get_object(), limit)
        results = [result.shown(explain=True) for result in similar.results]
        return Response({"conversation_id": pk, "found_by": similar.found_by, "results": results})
