"""Conversations over the API."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.demo import create_demo, remove_demo
from conversations.details import read_detail
from conversations.filters import ConversationFilters
from conversations.models import Conversation
from conversations.serializers.conversations import (
    ConversationChanges,
    ConversationDetailSerializer,
    ConversationInput,
    ConversationSerializer,
)
from conversations.services import conversations as services
from convoai.api.conditional import check_if_match, conditional_response
from convoai.api.errors import ApiError, problem
from convoai.api.filters import FilterBackend
from convoai.api.owned import owned_row
from convoai.api.viewsets import OwnedViewSet, read_body
from convoai.database.transactions import write
from partners.models import ConversationPartner

KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="1 to 255 printable ASCII characters; a repeated request returns the same talk.",
)


class ConversationViewSet(OwnedViewSet):
    """Talks with partners."""

    model = Conversation
    missing = "Conversation not found"
    filter_backends = [FilterBackend]
    filterset_class = ConversationFilters
    equal_filters = {"partner_id": "partner_id"}
    body_limit = settings.TRANSCRIPT_BODY_LIMIT
    orderings = {
        "-started_at": ("-started_at", "-pk"),
        "started_at": ("started_at", "pk"),
        "-created_at": ("-created_at", "-pk"),
        "created_at": ("created_at", "pk"),
        "id": ("pk",),
        "-id": ("-pk",),
    }

    def get_serializer_class(self) -> type[ConversationSerializer]:
        return ConversationDetailSerializer if self.action == "retrieve" else ConversationSerializer

    @extend_schema(summary="Own talks, newest first", responses=ConversationSerializer(many=True))
    def list(self, request: Request) -> Response:
        return self.list_response()

    @extend_schema(
        summary="A new talk",
        request=ConversationInput,
        parameters=[KEY_HEADER],
        responses={200: ConversationSerializer, 201: ConversationSerializer},
    )
    def create(self, request: Request) -> Response:
        idempotency = self._idempotency(request)
        values = read_body(request, ConversationInput)
        partner = owned_row(ConversationPartner, self.owner, values.pop("partner_id"))
        conversation, is_new = services.create_conversation(
            user=self.owner,
            partner=_existing(partner),
            idempotency=idempotency,
            **{name: value for name, value in values.items() if value is not None},
        )
        # A repeated key gives the very same answer; a repeated external_id says it was there.
        status = 201 if is_new or idempotency else 200
        return Response(self.get_serializer(conversation).data, status=status)

    @extend_schema(
        summary="One talk with messages, topics and facts", responses=ConversationDetailSerializer
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        return conditional_response(request, self._detail(pk))

    @extend_schema(
        summary="Change a talk (only the keys sent)",
        request=ConversationChanges,
        responses=ConversationSerializer,
    )
    @write
    def partial_update(self, request: Request, pk: int) -> Response:
        conversation = self.locked_object()
        if "If-Match" in request.headers or settings.REQUIRE_IF_MATCH:
            check_if_match(request, self._detail(pk))
        times = {"started_at": conversation.started_at, "ended_at": conversation.ended_at}
        changes = read_body(request, ConversationChanges, context=times)
        services.update_conversation(conversation=conversation, changes=changes)
        return Response(self.get_serializer(conversation).data)

    @extend_schema(summary="Delete a talk with its messages and the facts that rest on it alone")
    def destroy(self, request: Request, pk: int) -> Response:
        services.delete_conversation(conversation=self.get_object())
        return Response(status=204)

    def _detail(self, pk: int) -> Any:
        detail = read_detail(self.owner, pk)
        if detail is None:
            raise Http404
        wanted = self.fields_wanted()
        return {name: detail[name] for name in detail if wanted is None or name in wanted}

    def _idempotency(self, request: Request) -> services.Idempotency | None:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return None
        if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
            message = "Give 1 to 255 printable ASCII characters."
            raise problem("invalid_key", ["header", "Idempotency-Key"], message)
        body = orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS)
        return services.Idempotency(key, hashlib.sha256(body).hexdigest())


class DemoViewSet(OwnedViewSet):
    """The Demo talk, made and removed at will."""

    model = Conversation
    serializer_class = ConversationSerializer
    missing = "Conversation not found"

    @extend_schema(
        summary="Make the Demo talk", request=None, responses={201: ConversationSerializer}
    )
    def create(self, request: Request) -> Response:
        conversation = create_demo(user=self.owner)
        return Response(self.get_serializer(conversation).data, status=201)

    @extend_schema(summary="Remove the Demo talk")
    def destroy(self, request: Request) -> Response:
        remove_demo(user=self.owner)
        return Response(status=204)


def _existing(partner: ConversationPartner | None) -> ConversationPartner:
    if partner is None:
        raise ApiError(404, "not_found", "Partner not found")
    return partner
