"""Who writes reads from the primary for a moment, so that nobody misses what they just did.

The moment is kept with the user, who is read from the primary with every request anyway: all
processes and machines know it, and no request asks for it. Only in use with a replica.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from convoai.database.reading import PRIMARY

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# Answers to a write after which its sender wants to see how things are: it may have been done in
# part, or what the replica still shows is gone or has changed.
TELLING = frozenset({404, 409, 412, 500, 502})
# By the primary's clock, after the commit; about once a second is enough, see REPLICA_STICKY.
NOTE = """
UPDATE users SET wrote_at = clock_timestamp() WHERE id = %s
AND (wrote_at IS NULL OR wrote_at < clock_timestamp() - interval '1 second')
"""


def note_write(*, user_id: int) -> None:
    """Remember that something of this user's, or by this user, was written just now."""
    with connections[PRIMARY].cursor() as cursor:
        cursor.execute(NOTE, [user_id])


def note_job(*, task: Mapping[str, Any], **_signal: Any) -> None:
    """Before a worker tells that a job is done, whose result its owner will look at."""
    owner = task["kwargs"].get("owner_id")
    if owner is not None:
        with suppress(DatabaseError):
            note_write(user_id=owner)


class OwnWritesMiddleware:
    """Notes the moment of each request that writes, before it is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method in SAFE:
            return response
        status = response.status_code
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated and (status < 400 or status in TELLING):
            # It is done, and its answer must not become an error.
            with suppress(DatabaseError):
                note_write(user_id=user.pk)
        return response
