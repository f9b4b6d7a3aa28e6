"""Browsers that have signed in before.

Whoever guesses passwords can lock an account for everybody else. A browser that has signed in
to the account carries a signed cookie, and its tries are counted apart, so that its owner still
gets in while strangers are locked out.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from convoai.accounts.models import User

COOKIE = "known_device"
SALT = "convoai.accounts.known_devices"
LIFETIME_SECONDS = 180 * 24 * 3600


def known_device(request: HttpRequest, account: str) -> str:
    """The id of this browser if it has signed in to the account before, else ""."""
    try:
        device, owner = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LIFETIME_SECONDS
        )
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(device) if constant_time_compare(str(owner), _digest(account)) else ""


@receiver(user_logged_in)
def note_sign_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    """Let the middleware mark this browser; a program with a key keeps no cookies."""
    if request is not None and not request.path.startswith("/api/"):
        request.META["convoai.signed_in_account"] = user.email.lower()


class KnownDeviceMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        account = request.META.get("convoai.signed_in_account")
        if account:
            device = known_device(request, account) or secrets.token_urlsafe(12)
            response.set_cookie(
                COOKIE,
                signing.dumps([device, _digest(account)], salt=SALT),
                max_age=LIFETIME_SECONDS,
                secure=bool(settings.SESSION_COOKIE_SECURE),
                httponly=True,
                samesite="Lax",
            )
        return response


def _digest(account: str) -> str:
    return salted_hmac(SALT, account, algorithm="sha256").hexdigest()[:32]
