"""Query parameters of the list of partners."""

from __future__ import annotations

from django_filters import rest_framework as filters

from convoai.api.filters import MomentFilter, TextFilter
from partners.models import ConversationPartner


class PartnerFilters(filters.FilterSet):
    name = TextFilter(lookup_expr="icontains", label="Part of the name")
    relationship = TextFilter(lookup_expr="iexact", label="The relationship")
    created_since = MomentFilter(field_name="created_at", lookup_expr="gte", label="Made since")

    class Meta:
        model = ConversationPartner
        fields: list[str] = []
