"""OpenAPI: what drf-spectacular reads from the code, plus the errors that every route can give."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers


class ProblemSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    loc = serializers.ListField(child=serializers.JSONField())
    msg = serializers.CharField()


class ValidationErrorSerializer(serializers.Serializer[Any]):
    """A field or a parameter is wrong."""

    detail = ProblemSerializer(many=True)


class ErrorSerializer(serializers.Serializer[Any]):
    """Any other error."""

    detail = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField(allow_null=True)


ERRORS = {
    400: "The request is malformed.",
    401: "Nobody is signed in, or the key is not valid.",
    403: "This is not allowed.",
    404: "There is no such row, or it is somebody else's.",
    409: "This conflicts with what is stored, or is being changed by another request.",
    411: "The length of the body is missing.",
    412: "The row has changed since it was read (If-Match).",
    413: "The body, an image or a list is too large.",
    415: "The media type, charset or kind of file is not supported.",
    428: "If-Match is required here.",
    429: "Too many tries; see Retry-After.",
    500: "Something went wrong on the server.",
    503: "The database is busy or away; see Retry-After.",
    507: "The disk is full; nothing was stored.",
}
FIELDS_PARAMETER = OpenApiParameter(
    "fields", str, description="Comma list of the keys wanted; all when left out."
)


class ApiSchema(AutoSchema):
    def get_tags(self) -> list[str]:
        parts = [part for part in self.path.strip("/").split("/") if part != "api"]
        return [parts[0] if parts else "service"]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        """What the view declares, and the errors that any route can answer with."""
        responses = super()._get_response_bodies(direction)
        errors = {422: ValidationErrorSerializer} | {
            status: OpenApiResponse(ErrorSerializer, text) for status, text in ERRORS.items()
        }
        for status, serializer in errors.items():
            if str(status) not in responses:
                answer: Any = self._get_response_for_code  # has no types
                responses[str(status)] = answer(serializer, str(status), direction=direction)
        if self.method == "GET" and self.path.endswith("{id}"):
            responses.setdefault("304", {"description": "The client has the newest version."})
        return responses

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        orderings = getattr(self.view, "orderings", None)
        if self._is_list_view() and orderings:
            parameters.append(
                OpenApiParameter(
                    "ordering", str, enum=list(orderings), description="Order of rows."
                )
            )
        if self.method == "GET" and hasattr(self.view, "fields_wanted"):
            parameters.append(FIELDS_PARAMETER)
        return parameters
