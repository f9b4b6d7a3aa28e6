"""Pages and plain answers at the root."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from convoai.api.errors import fault_for, plain_answer
from convoai.api.renderers import to_json

PAGES = ("/admin", "/accounts")


def wants_page(request: HttpRequest) -> bool:
    """Whether a browser asked for a page, and not a program for data."""
    return "text/html" in request.headers.get("Accept", "")


def root(request: HttpRequest) -> HttpResponse:
    """What this is: a welcome page for a person, three facts for a program."""
    if wants_page(request):
        return render(request, "welcome.html")
    body = {"message": "AI Conversation Assistant API", "version": "1.0.0", "docs": "/docs"}
    return HttpResponse(to_json(body), content_type="application/json")


@csrf_exempt  # a POST to an address that is not there is 404, not a question of tokens
def not_found(
    request: HttpRequest, exception: Exception | None = None, **kwargs: str
) -> HttpResponse:
    if wants_page(request) and not request.path.startswith("/api/"):
        return render(request, "not_found.html", status=404)
    return plain_answer(404, "not_found", "Not Found")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return plain_answer(400, "malformed", "The request is malformed, or its Host is not allowed.")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if wants_page(request) and not request.path.startswith("/api/"):
        return render(request, "forbidden.html", status=403)
    return plain_answer(403, "permission_denied", "This is not allowed.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Also for errors before any view, such as a database that is away."""
    error = sys.exc_info()[1]
    fault = fault_for(error) if error else None
    if fault is None:
        return plain_answer(500, "internal", "Something went wrong here.")
    return plain_answer(fault.status, fault.code, fault.detail, fault.retry_after)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if wants_page(request):
        return render(request, "forbidden.html", {"reason": "csrf"}, status=403)
    return plain_answer(
        403, "csrf_failed", "The CSRF token is missing or wrong; load the page again."
    )
