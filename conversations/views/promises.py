"""Promises over the API."""

from __future__ import annotations

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.models import Conversation
from conversations.promises import promises_of
from conversations.serializers.promises import PromiseMark, PromiseSerializer
from conversations.services.promises import mark_promise
from convoai.api.viewsets import OwnedViewSet, read_body


class PromisesViewSet(OwnedViewSet):
    """What was promised in one talk, and the owner's word on it."""

    model = Conversation
    serializer_class = PromiseSerializer
    missing = "Conversation not found"

    @extend_schema(summary="Promises of a talk", responses=PromiseSerializer(many=True))
    def list(self, request: Request, pk: int) -> Response:
        talk = self.find(self.get_queryset().with_partner().without_transcript(), pk)
        promises = promises_of(talk.action_items, talk.partner.name, talk.analyzer)
        return Response([asdict(promise) for promise in promises])

    @extend_schema(
        summary="Say that a promise was kept, was not meant, or is open again",
        request=PromiseMark,
        responses=PromiseSerializer(many=True),
    )
    def mark(self, request: Request, pk: int) -> Response:
        talk = self.find(self.get_queryset().only("pk"), pk)
        asked = read_body(request, PromiseMark)
        promises = mark_promise(conversation=talk, number=asked["number"], state=asked["state"])
        return Response([asdict(promise) for promise in promises])
