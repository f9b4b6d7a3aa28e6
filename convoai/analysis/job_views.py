"""Jobs over the API: what was queued, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from convoai.analysis.jobs import KEPT, Job, find_job
from convoai.analysis.serializers import JobSerializer
from convoai.api.fields import BIGINT
from convoai.database.queue import is_worker_running

WORKER = "Ask status_url for the result."
NO_WORKER = (
    "No worker is running, so the job waits: start one with `manage.py qcluster`, "
    "or ask without async."
)


class JobViewSet(GenericViewSet[Any]):
    """Work in the background; everybody sees their own."""

    permission_classes = [IsAuthenticated]
    serializer_class = JobSerializer
    missing = f"Job not found; results are kept for {KEPT.days} days."

    @extend_schema(summary="A job, and its result when it is done", responses=JobSerializer)
    def retrieve(self, request: Request, pk: int) -> Response:
        job = find_job(request.user.pk, pk) if pk <= BIGINT else None
        if job is None:
            raise Http404
        return Response(JobSerializer(job).data)


def goes_on(job: Job, nothing_yet: Mapping[str, Any] | None = None) -> Response:
    """202: where to ask for the job, and whether a worker is there to do it.

    `nothing_yet` is what stands in the place of a result.
    """
    address = reverse("job", args=[job.id])
    worker = is_worker_running()
    message = WORKER if worker else NO_WORKER
    if job.retry_at is not None:
        message = f"{job.error}. It is tried again. {message}"
    return Response(
        {
            **(nothing_yet or {}),
            "job_id": job.id,
            "status": job.status,
            "status_url": address,
            "worker": worker,
            "message": message,
        },
        status=202,
        headers={"Location": address},
    )
