"""A person's archive over the API."""

from __future__ import annotations

import tempfile
from typing import IO, Any, cast

from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.models import Message
from convoai.accounts.models import User
from convoai.api.errors import ApiError
from convoai.api.fields import BIGINT
from convoai.database.queue import is_worker_running
from convoai.storage.choice import exports
from convoai.transfer.archive.background import find_order, order_archive
from convoai.transfer.archive.serializers import OrderSerializer
from convoai.transfer.archive.writing import write_archive_to

# With more messages the archive is made in the background.
MOST_AT_ONCE = 20_000
IN_MEMORY = 8_000_000
WORKER = "Ask status_url for the file; it is kept for a day."
NO_WORKER = (
    "No worker is running, so the archive waits: start one with `manage.py qcluster`, or use "
    "`manage.py export_archive`."
)
UNAVAILABLE = "Archives cannot be reached now; try again shortly."
FAILED = "The archive could not be made; ask for it again, or look into the worker's log."
ARCHIVE = {
    (200, "application/zip"): OpenApiTypes.BINARY,
    202: OpenApiResponse(OrderSerializer, description="It is being made in the background."),
}


class ExportViewSet(GenericViewSet[Any]):
    """Everything of the one who asks, as one file."""

    permission_classes = [IsAuthenticated]
    serializer_class = OrderSerializer

    @extend_schema(
        operation_id="export_archive",
        summary="Everything of yours as a zip file",
        description=f"With more than {MOST_AT_ONCE:,} messages: 202, the file under status_url.",
        responses=ARCHIVE,
    )
    def list(self, request: Request) -> HttpResponseBase:
        user = caller(request)
        many = Message.objects.owned_by(user).values("pk")[: MOST_AT_ONCE + 1].count()
        if many > MOST_AT_ONCE:
            return waiting(order_archive(user=user), "queued")
        # Whole before the first byte is sent: an archive comes complete or not at all.
        file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - sent, then closed
        try:
            write_archive_to(user, file)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return attachment(file)

    @extend_schema(
        operation_id="export_order_retrieve",
        summary="An archive that was made in the background",
        responses=ARCHIVE,
    )
    def retrieve(self, request: Request, pk: int) -> HttpResponseBase:
        try:
            order = find_order(caller(request).pk, pk) if pk <= BIGINT else None
            file = exports().open(order.file) if order and order.file else None
        except FileNotFoundError:
            raise Http404 from None
        except OSError:
            raise ApiError(503, "storage_unavailable", UNAVAILABLE, retry_after=60) from None
        if order is None:
            raise Http404
        if order.status == "failed":
            raise ApiError(503, "export_failed", FAILED, retry_after=60)
        return waiting(pk, order.status) if file is None else attachment(file)


def caller(request: Request) -> User:
    """Who asks; the permission has let nobody else through."""
    return cast("User", request.user)


def waiting(number: int, status: str) -> Response:
    """202: where to ask again, and whether a worker is there to make it."""
    address = reverse("export-order", args=[number])
    worker = is_worker_running()
    body = {
        "export_id": number,
        "status": status,
        "status_url": address,
        "worker": worker,
        "message": WORKER if worker else NO_WORKER,
    }
    return Response(body, status=202, headers={"Location": address})


def attachment(file: IO[bytes]) -> FileResponse:
    name = f"convoai-{timezone.now():%Y-%m-%d}.zip"
    answer = FileResponse(file, content_type="application/zip", as_attachment=True, filename=name)
    answer["Cache-Control"] = "private, no-store"
    return answer
