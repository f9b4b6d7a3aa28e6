"""GET /metrics, for whoever has METRICS_TOKEN."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.utils.crypto import constant_time_compare
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class MetricsAuthentication(BaseAuthentication):
    """`Authorization: Bearer <METRICS_TOKEN>`, which opens nothing else."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, str] | None:
        """Raises NotFound while metrics are off, and AuthenticationFailed."""
        if not settings.METRICS_TOKEN:
            raise NotFound("Metrics are off; an operator can set METRICS_TOKEN.")
        words = get_authorization_header(request).split()
        if not words:
            return None
        given = words[1] if len(words) == 2 and words[0].lower() == b"bearer" else b""
        if not constant_time_compare(given, settings.METRICS_TOKEN.encode()):
            raise AuthenticationFailed("This is not METRICS_TOKEN.", code="invalid_key")
        return AnonymousUser(), "metrics"

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasMetricsToken(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return request.auth == "metrics"


class MetricsView(APIView):
    authentication_classes = [MetricsAuthentication]
    permission_classes = [HasMetricsToken]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        # Here, because the counts make files the moment they are imported.
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess
        from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

        from convoai.operations.metrics.figures import DatabaseFigures

        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        registry.register(DatabaseFigures())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
