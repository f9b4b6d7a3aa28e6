"""What the older backend said of the outside services it used: web search and phone calls.

convoai uses neither, and says so in the keys that a frontend may read.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

OUTSIDE_SERVICE = inline_serializer(
    "OutsideService",
    {
        "status": serializers.CharField(),
        "service": serializers.CharField(),
        "configured": serializers.BooleanField(),
        "capabilities": serializers.ListField(child=serializers.CharField()),
    },
)


class OutsideServiceView(APIView):
    """`service` and `capabilities` are the older backend's words for it."""

    permission_classes = [IsAuthenticated]
    service = ""
    capabilities: list[str] = []

    @extend_schema(summary="An outside service, not configured here", responses=OUTSIDE_SERVICE)
    def get(self, request: Request) -> Response:
        body: dict[str, Any] = {
            "status": "unconfigured",
            "service": self.service,
            "configured": False,
            "capabilities": self.capabilities,
        }
        return Response(body)


class PingView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        summary="The routes of calls answer",
        responses=inline_serializer(
            "Pong",
            {
                "ping": serializers.CharField(),
                "service": serializers.CharField(),
                "status": serializers.CharField(),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        return Response({"ping": "pong", "service": "vapi_calls", "status": "active"})
