"""Transcripts over the API."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.models import Conversation
from conversations.serializers.conversations import ConversationSerializer
from convoai.api.errors import ApiError, InvalidParameter, problem
from convoai.api.owned import owned_row
from convoai.api.uploads import CompleteMultiPartParser
from convoai.api.viewsets import OwnedViewSet, require_body
from convoai.database.transactions import release_connection
from convoai.refusals import Refusal
from convoai.transfer.transcripts.body import JSONTextParser, TextParser
from convoai.transfer.transcripts.serializers import (
    TranscriptForm,
    TranscriptOptions,
    TranscriptSerializer,
    detected,
)
from convoai.transfer.transcripts.services import store_transcript
from convoai.transfer.transcripts.speakers import read_mapping
from convoai.transfer.transcripts.transcript import (
    Transcript,
    Wishes,
    read_transcript,
    title_of,
)
from partners.models import ConversationPartner


class TranscriptViewSet(OwnedViewSet):
    """Files from other programs, made into talks."""

    model = Conversation
    serializer_class = TranscriptSerializer
    missing = "Partner not found"
    parser_classes = [CompleteMultiPartParser, TextParser, JSONTextParser]
    body_limit = settings.TRANSCRIPT_BODY_LIMIT

    @extend_schema(
        summary="A talk from a transcript",
        description="A form with the file, or the file as the body and the rest as parameters.",
        parameters=[TranscriptOptions],
        request={
            "multipart/form-data": TranscriptForm,
            "text/plain": OpenApiTypes.STR,
        },
        responses={200: TranscriptSerializer, 201: TranscriptSerializer},
    )
    def create(self, request: Request) -> Response:
        require_body(request, "the transcript")
        data, options = self.read_request(request)
        partner = self.partner(options)
        # Reading 32 MB takes seconds, in which others may need the connection.
        release_connection()
        transcript = self.read_file(data, partner, options, is_form=not _is_raw(request))
        conversation, is_new = store_transcript(
            user=self.owner,
            partner=partner,
            transcript=transcript,
            title=options.get("title") or None,
            language=options.get("language", "english"),
        )
        row = ConversationSerializer(conversation, context=self.get_serializer_context()).data
        answer = {**row, "detected": detected(transcript)}
        return Response(answer, status=201 if is_new else 200)

    def read_request(self, request: Request) -> tuple[bytes, dict[str, Any]]:
        """The bytes of the file, and the validated options. Raises InvalidInput and the like."""
        # Django would read the address in the charset of the body.
        parameters = QueryDict(request.META.get("QUERY_STRING", ""), encoding="utf-8")
        body: Any = request.data
        if isinstance(body, bytes):
            form: Any = TranscriptOptions(data=parameters)
            if not form.is_valid():
                raise InvalidParameter(form.errors)
            return body, form.validated_data
        form = TranscriptForm(data=_joined(parameters, body))
        form.is_valid(raise_exception=True)
        options = form.validated_data
        file = options.pop("file")
        options.setdefault("title", title_of(file.name or ""))
        return file.read(), options

    def partner(self, options: dict[str, Any]) -> ConversationPartner:
        """The partner that the options name. Raises ApiError 404, InvalidInput for several."""
        if "partner_id" in options:
            found = owned_row(ConversationPartner, self.owner, options["partner_id"])
            partners = [found] if found else []
        else:
            named = ConversationPartner.objects.owned_by(self.owner).named(options["partner"])
            partners = list(named[:2])
        if not partners:
            raise ApiError(404, "not_found", self.missing)
        if len(partners) > 1:
            message = "Several partners have this name; give partner_id."
            raise problem("ambiguous_partner", ["body", "partner"], message)
        return partners[0]

    def read_file(
        self, data: bytes, partner: ConversationPartner, options: dict[str, Any], *, is_form: bool
    ) -> Transcript:
        """What the file holds. Raises Refusal with the place as the request gave it."""
        try:
            wishes = Wishes(
                me=options.get("me", ""),
                mapping=read_mapping(options.get("speaker", [])),
                started_at=options.get("date"),
                format=options.get("format"),
                date_order=options.get("date_order", ""),
                naive_tz=options.get("naive_tz", UTC),
            )
            return read_transcript(
                data, partner_name=partner.name, wishes=wishes, now=timezone.now()
            )
        except Refusal as refusal:
            if is_form or not refusal.place:
                raise
            about_file = refusal.place[-1] == "file"
            place = ("body",) if about_file else ("query", *refusal.place[1:])
            raise Refusal(refusal.code, refusal.message, place=place) from None


def _is_raw(request: Request) -> bool:
    body: Any = request.data
    return isinstance(body, bytes)


def _joined(parameters: QueryDict, form: QueryDict) -> QueryDict:
    """The fields of a form and the parameters of its address; no name may stand in both."""
    twice = parameters.keys() & form.keys()
    if twice:
        errors = {name: ["Give it in the form or in the address, not in both."] for name in twice}
        raise ValidationError(errors)
    joined = form.copy()
    for name, values in parameters.lists():
        joined.setlist(name, values)
    return joined
