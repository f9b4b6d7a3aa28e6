"""The API of partners."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from convoai.api.conditional import check_if_match, conditional_response
from convoai.api.errors import ApiError
from convoai.api.filters import FilterBackend
from convoai.api.uploads import CompleteMultiPartParser
from convoai.api.viewsets import OwnedViewSet, read_body
from convoai.database.transactions import write
from convoai.embedding.vectors import stored_vector
from convoai.refusals import Refusal
from partners import services
from partners.faces import match_face
from partners.filters import PartnerFilters
from partners.images import clean_image, stored_image
from partners.models import ConversationPartner
from partners.serializers import (
    FaceInput,
    ImageInput,
    MatchesSerializer,
    MatchInput,
    PartnerChanges,
    PartnerInput,
    PartnerSerializer,
    PartnerWithImageInput,
)


class PartnerViewSet(OwnedViewSet):
    """The people that the requester talks with."""

    model = ConversationPartner
    serializer_class = PartnerSerializer
    missing = "Partner not found"
    filter_backends = [FilterBackend]
    filterset_class = PartnerFilters
    orderings = {
        "id": ("pk",),
        "-id": ("-pk",),
        "name": ("name", "pk"),
        "-name": ("-name", "-pk"),
        "created_at": ("created_at", "pk"),
        "-created_at": ("-created_at", "-pk"),
    }

    @extend_schema(summary="Own partners", responses=PartnerSerializer(many=True))
    def list(self, request: Request) -> Response:
        return self.list_response()

    @extend_schema(
        summary="A new partner", request=PartnerInput, responses={201: PartnerSerializer}
    )
    def create(self, request: Request) -> Response:
        partner = services.create_partner(user=self.owner, **read_body(request, PartnerInput))
        return Response(self.get_serializer(partner).data, status=201)

    @extend_schema(summary="One partner")
    def retrieve(self, request: Request, pk: int) -> Response:
        return conditional_response(request, self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Change a partner (only the keys sent)",
        request=PartnerChanges,
        responses=PartnerSerializer,
    )
    @write
    def update(self, request: Request, pk: int) -> Response:
        partner = self.locked_object()
        check_if_match(request, self.get_serializer(partner).data)
        changes = read_body(request, PartnerChanges)
        services.update_partner(partner=partner, changes=changes)
        return Response(self.get_serializer(partner).data)

    @extend_schema(summary="Delete a partner with all talks and facts")
    def destroy(self, request: Request, pk: int) -> Response:
        services.delete_partner(partner=self.get_object())
        return Response(status=204)


class PartnerImageViewSet(OwnedViewSet):
    """Pictures of partners, served only to their owner."""

    model = ConversationPartner
    serializer_class = PartnerSerializer
    missing = "Partner not found"
    parser_classes = [CompleteMultiPartParser]
    body_limit = settings.IMAGE_BODY_LIMIT

    @extend_schema(
        summary="A new partner, with a picture if it can be used",
        request={"multipart/form-data": PartnerWithImageInput},
        responses={201: PartnerSerializer},
    )
    def create(self, request: Request) -> Response:
        values = read_body(request, PartnerWithImageInput)
        image = _usable_image(values.pop("image", None))
        partner = services.create_partner_with_image(user=self.owner, image=image, **values)
        return Response(self.get_serializer(partner).data, status=201)

    @extend_schema(
        summary="Give a partner a picture",
        request={"multipart/form-data": ImageInput},
        responses=PartnerSerializer,
    )
    def upload(self, request: Request, pk: int) -> Response:
        partner = self.get_object()
        file = read_body(request, ImageInput)["image"]
        if not (file.content_type or "").startswith("image/"):
            raise ApiError(400, "not_an_image", "File must be an image")
        services.set_image(partner=partner, data=clean_image(file))
        return Response(self.get_serializer(partner).data)

    @extend_schema(
        summary="The picture of a partner",
        responses={200: OpenApiResponse(OpenApiTypes.BINARY, "A JPEG.")},
    )
    def image(self, request: Request, pk: int) -> HttpResponseBase:
        file = stored_image(self.get_object().image_path)
        if file is None:
            raise Http404
        response = FileResponse(file, content_type="image/jpeg", as_attachment=True)
        response["Cache-Control"] = "private, no-store"
        return response


class PartnerFaceViewSet(OwnedViewSet):
    """Vectors of partners' faces: to keep, and to find the partner by. They are never shown."""

    model = ConversationPartner
    serializer_class = PartnerSerializer
    missing = "Partner not found"

    @extend_schema(
        summary="Keep the vector of a partner's face",
        request=FaceInput,
        responses=PartnerSerializer,
    )
    @write
    def update(self, request: Request, pk: int) -> Response:
        partner = self.locked_object()
        check_if_match(request, self.get_serializer(partner).data)
        services.set_face(partner=partner, **read_body(request, FaceInput))
        return Response(self.get_serializer(partner).data)

    @extend_schema(summary="Forget the vector of a partner's face")
    def destroy(self, request: Request, pk: int) -> Response:
        services.remove_face(partner=self.get_object())
        return Response(status=204)

    @extend_schema(
        summary="Own partners whose face is nearest to a vector",
        request=MatchInput,
        responses=MatchesSerializer,
    )
    def match(self, request: Request) -> Response:
        values = read_body(request, MatchInput)
        matches = match_face(
            owner=self.owner,
            vector=stored_vector(values["embedding"]),
            top=values["top_k"],
            threshold=values["threshold"],
            model=values.get("model"),
        )
        results = [
            {"partner": self.get_serializer(one.partner).data, "similarity": one.similarity}
            for one in matches
        ]
        return Response({"results": results, "count": len(results)})


def _usable_image(file: Any) -> bytes | None:
    """The cleaned picture, or None when there is none that can be used."""
    if file is None:
        return None
    try:
        return clean_image(file)
    except Refusal:
        return None
