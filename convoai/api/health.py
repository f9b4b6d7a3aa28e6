"""Whether the service is up, and whether it can work."""

from __future__ import annotations

import shutil
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from convoai.database.reading import is_replica_set
from convoai.database.replica.watch import watch

MIN_FREE_BYTES = 100_000_000


class HealthView(APIView):
    """The process answers. Touches nothing else, as the older backend's did not."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(
        responses=inline_serializer("Health", {"status": serializers.CharField()}),
        summary="The process is up",
    )
    def get(self, request: Request) -> Response:
        return Response({"status": "healthy"})


class ReadyView(APIView):
    """Database, extension, migrations and disk are as they should be; 503 and the reason if not."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(
        responses={
            200: inline_serializer(
                "Ready",
                {"status": serializers.CharField(), "checks": serializers.DictField()},
            ),
            503: OpenApiResponse(
                inline_serializer(
                    "NotReady",
                    {
                        "status": serializers.CharField(),
                        "detail": serializers.CharField(),
                        "code": serializers.CharField(),
                        "checks": serializers.DictField(),
                    },
                ),
                "Not ready; `detail` says why.",
            ),
        },
        summary="The service can work",
    )
    def get(self, request: Request) -> Response:
        checks = readiness()
        reasons = [
            reason for name, reason in checks.items() if reason != "ok" and name != "replica"
        ]
        if not reasons:
            return Response({"status": "ready", "checks": checks})
        body = {
            "status": "not ready",
            "detail": " ".join(reasons),
            "code": "not_ready",
            "checks": checks,
        }
        return Response(body, status=503, headers={"Retry-After": "5"})


def readiness() -> dict[str, str]:
    """Each thing that must work -> "ok" or a sentence saying what is wrong."""
    checks = {"disk": _disk()}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
            extension = cursor.fetchone()
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return {**checks, "database": "The database does not answer."}
    checks["database"] = "ok"
    checks["extension"] = "ok" if extension else "The extension vector is missing in the database."
    checks["migrations"] = (
        f"{len(missing)} migrations are missing; run manage.py migrate." if missing else "ok"
    )
    if is_replica_set():
        # Told, but no reason: without it the primary answers.
        checks["replica"] = watch.word()
    return checks


def _disk() -> str:
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.DATA_DIR).free
    return "ok" if free >= MIN_FREE_BYTES else f"Only {free // 1_000_000} MB of disk are free."
