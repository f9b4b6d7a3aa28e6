"""What happens to a request before and after any view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from convoai.api.errors import STATUS_OF_REFUSAL, fault_for, plain_answer
from convoai.api.faults import fault_of
from convoai.refusals import Refusal

MOST_DIGITS = 18
GetResponse = Callable[[HttpRequest], HttpResponseBase]


class EitherSlashMiddleware:
    """Answers a path with and without its trailing slash, without a redirect.

    Existing frontends use both forms, and a redirect would turn their POST into a GET.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if not path.endswith("//") and not is_route(path):
            other = path[:-1] if path.endswith("/") else f"{path}/"
            if is_route(other):
                prefix = request.path[: len(request.path) - len(path)]
                request.path_info, request.path = other, prefix + other
        return self.get_response(request)


def is_route(path: str) -> bool:
    """Whether a view of its own answers this path (the catch-all at the end does not count)."""
    try:
        return resolve(path).url_name != "not-found"
    except Resolver404:
        return False


class RequestLimitsMiddleware:
    """Refuses unknown hosts, and bodies that are too large, of unknown length, or compressed.

    The limit is the view's `body_limit` in bytes, or BODY_LIMIT for the API and
    TRANSCRIPT_BODY_LIMIT for pages (the admin saves whole talks).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            request.get_host()
        except DisallowedHost:
            detail = "This Host is not served here; an operator can add it to ALLOWED_HOSTS."
            return plain_answer(400, "disallowed_host", detail)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() not in ("identity", ""):
            detail = "Compressed bodies are not read; send it as it is."
            return plain_answer(415, "unsupported_encoding", detail)
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length and "HTTP_TRANSFER_ENCODING" in request.META:
            detail = "Send the length of the body in a Content-Length header."
            return plain_answer(411, "length_required", detail)
        if not length:
            return None
        if not (length.isascii() and length.isdigit()):
            return plain_answer(400, "malformed", "Content-Length must be a number.")
        limit = body_limit(view)
        # Only so many digits are converted: int() refuses thousands of them.
        if len(length) > MOST_DIGITS or int(length) > limit:
            detail = f"The body is larger than this route's limit of {limit:,} bytes."
            return plain_answer(413, "body_too_large", detail)
        return None


def body_limit(view: Any) -> int:
    """The largest body, in bytes, that a view takes."""
    view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
    own: int | None = getattr(view_class, "body_limit", None)
    if own is not None:
        return own
    limit: int = settings.BODY_LIMIT if view_class else settings.TRANSCRIPT_BODY_LIMIT
    return limit


class FaultMiddleware:
    """Turns database errors and refusals of pages (outside the API framework) into a plain 503
    or the like."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Refusal):
            status = STATUS_OF_REFUSAL.get(error.code, 422)
            return plain_answer(status, error.code, error.message)
        if fault_of(error) is None:
            return None
        fault = fault_for(error)
        return plain_answer(fault.status, fault.code, fault.detail, fault.retry_after)
