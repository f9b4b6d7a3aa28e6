"""Requests that only read may read from the replica, and are answered in any case."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from convoai.database.reading import PRIMARY, REPLICA, reading_by
from convoai.database.replica.watch import watch

SAFE = frozenset({"GET", "HEAD"})
NOT_FOUND = 404


class RequestReading:
    """Where one request reads: decided when it first asks for people's data, kept until its end."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._chosen: str | None = None
        self.has_failed = False

    def alias(self) -> str:
        if self._chosen is not None:
            return self._chosen
        # Set by sessions and, once it knows the key, by the API framework.
        user = getattr(self._request, "user", None)
        if user is None or not user.is_authenticated:
            return PRIMARY
        may = watch.may_serve(user.wrote_at)
        self._chosen = REPLICA if may else PRIMARY
        return self._chosen

    def note_failure(self) -> None:
        """The replica could not answer; while it is only looked at, that harms nothing."""
        self.has_failed = self._chosen == REPLICA

    def is_doubtful(self, response: HttpResponseBase) -> bool:
        """Whether the primary must be asked: the replica failed, or lacks what is asked for."""
        lacks = self._chosen == REPLICA and response.status_code == NOT_FOUND
        return self.has_failed or lacks


class ReplicaMiddleware:
    """Lets GET and HEAD read from the replica; asks the primary again when that gave no answer.

    The last of the middlewares, so that only the view is repeated.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in SAFE:
            return self.get_response(request)
        reading = RequestReading(request)
        with reading_by(reading):
            response = self.get_response(request)
        if not reading.is_doubtful(response):
            return response
        response.close()
        return self.get_response(request)
