"""Messages over the API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.filters import MessageFilters
from conversations.models import Conversation, Message
from conversations.serializers.conversations import Messages
from conversations.serializers.messages import MessageChanges, MessageInput, MessageSerializer
from conversations.services import messages as services
from convoai.api.conditional import check_if_match, conditional_response
from convoai.api.errors import InvalidInput, problem, problems_of
from convoai.api.filters import FilterBackend
from convoai.api.paging import CappedPages
from convoai.api.viewsets import OwnedViewSet, read_body, require_body
from convoai.database.transactions import write


class ConversationMessagesViewSet(OwnedViewSet):
    """The messages of one talk."""

    model = Message
    serializer_class = MessageSerializer
    missing = "Conversation not found"
    pagination_class = CappedPages
    filter_backends = [FilterBackend]
    filterset_class = MessageFilters
    body_limit = settings.TRANSCRIPT_BODY_LIMIT
    orderings = {"position": ("position",), "-position": ("-position",)}

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(conversation_id=self.kwargs.get("pk"))

    @extend_schema(summary="Messages of a talk in order", responses=MessageSerializer(many=True))
    def list(self, request: Request, pk: int) -> Response:
        self._conversation(pk)
        return self.list_response(self.get_queryset())

    @extend_schema(
        summary="Add messages at the end of a talk",
        request=MessageInput(many=True),
        responses={201: MessageSerializer(many=True)},
    )
    def create(self, request: Request, pk: int) -> Response:
        conversation = self._conversation(pk)
        require_body(request)
        messages = _messages_in(request.data)
        rows = services.append_messages(conversation=conversation, messages=messages)
        return Response(self.get_serializer(rows, many=True).data, status=201)

    def _conversation(self, pk: int) -> Conversation:
        own: QuerySet[Conversation] = Conversation.objects.owned_by(self.request.user)
        return self.find(own.only("pk", "user_id"), pk)


class MessageViewSet(OwnedViewSet):
    """One message, to read and to correct."""

    model = Message
    serializer_class = MessageSerializer
    missing = "Message not found"

    @extend_schema(summary="One message")
    def retrieve(self, request: Request, pk: int) -> Response:
        return conditional_response(request, self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Correct a message (only the keys sent)",
        request=MessageChanges,
        responses=MessageSerializer,
    )
    @write
    def partial_update(self, request: Request, pk: int) -> Response:
        message = self.locked_object()
        check_if_match(request, self.get_serializer(message).data)
        changes = read_body(request, MessageChanges)
        services.correct_message(message=message, changes=changes)
        return Response(self.get_serializer(message).data)

    @extend_schema(summary="Delete a message and the facts that rest on it alone")
    def destroy(self, request: Request, pk: int) -> Response:
        services.delete_message(message=self.get_object())
        return Response(status=204)


def _messages_in(data: Any) -> list[dict[str, Any]]:
    """The messages of an array. Raises InvalidInput (422) or ApiError 413."""
    if not isinstance(data, list) or not data:
        raise problem("list_type", ["body"], "Send an array of messages.")
    try:
        messages: list[dict[str, Any]] = Messages().run_validation(data)
    except ValidationError as error:
        raise InvalidInput(list(problems_of(error.detail, ["body"]))) from None
    return messages
