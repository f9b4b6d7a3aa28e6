"""The values that a key has had, over the API."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Coalesce
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.models import ExtractedFact
from conversations.serializers.facts import FactSerializer
from convoai.api.filters import FilterBackend, IdFilter, TextFilter
from convoai.api.viewsets import OwnedViewSet

# More than a person reads of one key; all facts of an owner are listed at /api/facts.
MOST = 500


class HistoryFilters(filters.FilterSet):
    partner_id = IdFilter(label="Of this partner")
    key = TextFilter(field_name="fact_key", lookup_expr="iexact", label="The values of this key")
    subject = TextFilter(lookup_expr="iexact", label="partner, user, or a name")

    class Meta:
        model = ExtractedFact
        fields: list[str] = []


class FactHistoryViewSet(OwnedViewSet):
    """What was true when."""

    model = ExtractedFact
    serializer_class = FactSerializer
    pagination_class: Any = None
    filter_backends = [FilterBackend]
    filterset_class = HistoryFilters
    orderings = {}

    @extend_schema(
        summary="All values of a key, the newest first, with the times between which they held",
        responses=FactSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        facts = self.filter_queryset(self.get_queryset())
        since = Coalesce("valid_from", "extracted_at")
        serializer: Any = self.get_serializer()
        newest = serializer.reading(facts.order_by(since.desc(), "-pk"))[:MOST]
        rows = [serializer.to_representation(row) for row in newest]
        return Response(rows, headers={"X-Total-Count": str(len(rows))})
