"""What a locked-out client is told: JSON for the API, a page for browsers. Both alike for
addresses that exist and those that do not."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.request import Request

from convoai.accounts.lockout import seconds_to_wait
from convoai.api.errors import ApiError, plain_answer

SENTENCE = "Too many wrong passwords. Wait, then try again."


def locked_out_response(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """AXES_LOCKOUT_CALLABLE: the answer that takes the place of the view's own."""
    if response is not None and response.status_code == 429:
        return response
    seconds = seconds_to_wait(request)
    if request.path.startswith("/api/"):
        return plain_answer(429, "locked_out", SENTENCE, seconds)
    minutes = -(-seconds // 60)
    page = render(request, "accounts/locked_out.html", {"minutes": minutes}, status=429)
    page["Retry-After"] = str(seconds)
    page["Cache-Control"] = "no-store"
    return page


def refuse_locked_out(request: Request) -> None:
    """Raise the 429 if the sign-in that was just tried met a lock-out."""
    plain = request._request
    if getattr(plain, "axes_locked_out", False):
        raise ApiError(429, "locked_out", SENTENCE, retry_after=seconds_to_wait(plain))
