"""Facts over the API."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.filters import FactFilters
from conversations.models import Conversation, ExtractedFact, Message
from conversations.serializers.facts import (
    FactCorrection,
    FactInput,
    FactSerializer,
    FactVerdicts,
    FactWords,
)
from conversations.services import facts as services
from conversations.services.verdicts import judge_facts
from conversations.versions import knowledge_version
from convoai.accounts.models import User
from convoai.api.conditional import (
    check_if_match,
    conditional_response,
    etag_of_version,
    is_known,
)
from convoai.api.errors import problem
from convoai.api.filters import FilterBackend
from convoai.api.owned import owned_row
from convoai.api.paging import CappedPages
from convoai.api.viewsets import OwnedViewSet, read_body
from convoai.database.transactions import write
from partners.models import ConversationPartner

M = TypeVar("M", bound=Model)
UNCHANGED = OpenApiResponse(description="The client has the newest version.")


class FactViewSet(OwnedViewSet):
    """What was learned, and the person's word on it."""

    model = ExtractedFact
    serializer_class = FactSerializer
    missing = "Fact not found"
    pagination_class = CappedPages
    filter_backends = [FilterBackend]
    filterset_class = FactFilters
    orderings = {
        "-extracted_at": ("-extracted_at", "-pk"),
        "extracted_at": ("extracted_at", "pk"),
        "-confidence": ("-confidence", "-extracted_at", "pk"),
        "confidence": ("confidence", "extracted_at", "pk"),
        "fact_key": ("fact_key", "pk"),
        "id": ("pk",),
        "-id": ("-pk",),
    }

    @extend_schema(summary="Own facts, newest first", responses=FactSerializer(many=True))
    def list(self, request: Request) -> Response:
        return self.list_response(self.get_queryset())

    @extend_schema(
        summary="A fact in the person's own words",
        request=FactInput,
        responses={201: FactSerializer},
    )
    def create(self, request: Request) -> Response:
        values = read_body(request, FactInput)
        partner = _named(self.owner, ConversationPartner, "partner_id", values.pop("partner_id"))
        talk_id = values.pop("conversation_id", None)
        message_id = values.pop("source_message_id", None)
        conversation = message = None
        if talk_id is not None:
            conversation = _named(self.owner, Conversation, "conversation_id", talk_id)
        if message_id is not None:
            message = _named(self.owner, Message, "source_message_id", message_id)
        _check_belongs(partner, conversation, message)
        fact = services.create_fact(
            user=self.owner,
            partner=partner,
            conversation=conversation,
            source_message=message,
            **values,
        )
        return Response(self.get_serializer(fact).data, status=201)

    @extend_schema(summary="One fact")
    def retrieve(self, request: Request, pk: int) -> Response:
        return conditional_response(request, self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Correct a fact (only the keys sent)", request=FactWords, responses=FactSerializer
    )
    def partial_update(self, request: Request, pk: int) -> Response:
        return self._corrected(request, FactWords)

    @extend_schema(summary="Correct a fact", request=FactCorrection, responses=FactSerializer)
    def correct(self, request: Request, pk: int) -> Response:
        return self._corrected(request, FactCorrection)

    @extend_schema(summary="Confirm a fact", request=None, responses=FactSerializer)
    def confirm(self, request: Request, pk: int) -> Response:
        fact = services.confirm_fact(fact=self.get_object())
        return Response(self.get_serializer(fact).data)

    @extend_schema(summary="Reject a fact", request=None, responses=FactSerializer)
    def reject(self, request: Request, pk: int) -> Response:
        fact = services.reject_fact(fact=self.get_object())
        return Response(self.get_serializer(fact).data)

    @extend_schema(
        summary="Pin a fact: first in profile and briefing, never dropped for space",
        request=None,
        responses=FactSerializer,
    )
    def pin(self, request: Request, pk: int) -> Response:
        fact = services.pin_fact(fact=self.get_object())
        return Response(self.get_serializer(fact).data)

    @extend_schema(summary="Unpin a fact", request=None, responses={200: FactSerializer})
    def unpin(self, request: Request, pk: int) -> Response:
        fact = services.unpin_fact(fact=self.get_object())
        return Response(self.get_serializer(fact).data)

    @extend_schema(
        summary="Confirm, reject, pin or unpin several facts, all or none",
        request=FactVerdicts,
        responses=FactSerializer(many=True),
    )
    def judge(self, request: Request) -> Response:
        asked = read_body(request, FactVerdicts)
        facts = judge_facts(user=self.owner, ids=asked["ids"], verdict=asked["action"])
        return Response(self.get_serializer(facts, many=True).data)

    @extend_schema(summary="Delete a fact")
    def destroy(self, request: Request, pk: int) -> Response:
        services.delete_fact(fact=self.get_object())
        return Response(status=204)

    @write
    def _corrected(self, request: Request, form: type[FactWords]) -> Response:
        fact = self.locked_object()
        check_if_match(request, self.get_serializer(fact).data)
        fact = services.correct_fact(fact=fact, changes=read_body(request, form))
        return Response(self.get_serializer(fact).data)


class PartnerFactsViewSet(OwnedViewSet):
    """The current facts about one partner, as existing frontends read them."""

    model = ExtractedFact
    serializer_class = FactSerializer
    missing = "Partner {pk} not found"
    orderings = {"-confidence": ("-confidence", "-extracted_at", "pk")}

    def get_queryset(self) -> Any:
        return super().get_queryset().current().filter(partner_id=self.kwargs.get("pk"))

    @extend_schema(
        summary="Current facts about a partner, the most certain first",
        responses={200: FactSerializer(many=True), 304: UNCHANGED},
    )
    def list(self, request: Request, pk: int) -> Response:
        version = knowledge_version(self.owner, pk)
        if version is None:
            raise Http404
        etag = etag_of_version("facts", pk, sorted(request.query_params.lists()), version)
        if is_known(request, etag):
            return Response(status=304, headers={"ETag": etag})
        answer = self.list_response(self.get_queryset())
        answer["ETag"] = etag
        return answer


def _named(user: User, model: type[M], field: str, pk: int) -> M:
    """The user's row that a field of the body names.

    Raises InvalidInput `not_found`, alike for absent and for somebody else's.
    """
    row = owned_row(model, user, pk)
    if row is None:
        name = str(model._meta.verbose_name).capitalize()
        raise problem("not_found", ["body", field], f"{name} not found")
    return row


def _check_belongs(
    partner: ConversationPartner, conversation: Conversation | None, message: Message | None
) -> None:
    """Refuses evidence from a talk with somebody else."""
    talk = message.conversation if message else conversation
    if talk is None:
        return
    if talk.partner_id != partner.pk or (conversation and conversation.pk != talk.pk):
        text = "This does not belong to a talk with that partner."
        field = "source_message_id" if message else "conversation_id"
        raise problem("other_partner", ["body", field], text)
