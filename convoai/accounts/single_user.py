"""Single-user mode: existing frontends send no credentials, so on the person's own machine
such requests act as the user named by SINGLE_USER. Everything here keeps others out."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host
from rest_framework import exceptions

from convoai.accounts.client_address import is_loopback
from convoai.accounts.models import User
from convoai.database.statements import Statement

# Any of these means that a proxy stands in between, so that loopback proves nothing.
FORWARDING_HEADERS = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
)
COLUMNS = [field.attname for field in User._meta.concrete_fields]
SINGLE_USER = Statement(
    lambda email: User.objects.with_email(email).values_list(*COLUMNS),
    str,
)
LOOPBACK_NAMES = ["localhost", ".localhost", "127.0.0.1", "[::1]"]


def acts_as_single_user(request: HttpRequest) -> bool:
    """Whether a request without credentials may act as SINGLE_USER."""
    return (
        bool(settings.SINGLE_USER)
        and (settings.DEBUG or settings.SINGLE_USER_CONFIRMED)
        and not request.META.get("HTTP_AUTHORIZATION", "").strip()
        and comes_from_this_machine(request)
        and was_sent_by_our_frontend(request)
    )


def comes_from_this_machine(request: HttpRequest) -> bool:
    """Whether the connection is local, direct, and made to a name of this machine.

    The name matters because a foreign site can make its own name point to 127.0.0.1.
    """
    if not is_loopback(request.META.get("REMOTE_ADDR", "")):
        return False
    if any(header in request.META for header in FORWARDING_HEADERS):
        return False
    try:
        host, _ = split_domain_port(request.get_host())
    except DisallowedHost:
        return False
    ours = [name for name in settings.ALLOWED_HOSTS if not name.startswith(("*", "."))]
    return bool(host) and validate_host(host, [*LOOPBACK_NAMES, *ours])


def was_sent_by_our_frontend(request: HttpRequest) -> bool:
    """Whether no foreign page in the person's browser caused this request.

    Browsers send Origin with every request of another origin that a script could read or that
    writes; what is left (images, links) they mark with Sec-Fetch-Site.
    """
    origin = request.META.get("HTTP_ORIGIN")
    if origin is None:
        return request.META.get("HTTP_SEC_FETCH_SITE") != "cross-site"
    own = f"{request.scheme}://{request.get_host()}"
    return origin == own or origin in settings.CORS_ALLOWED_ORIGINS


def single_user() -> User:
    """The user named by SINGLE_USER. Raises AuthenticationFailed, naming the command to run."""
    email = settings.SINGLE_USER
    row = SINGLE_USER.row(email)
    if row is None:
        raise exceptions.AuthenticationFailed(
            f"SINGLE_USER names {email}, but there is no such user: "
            f"run `manage.py create_user {email}`, or unset SINGLE_USER.",
            code="single_user_missing",
        )
    user = User.from_db("default", COLUMNS, row)
    if not user.is_active:
        raise exceptions.AuthenticationFailed(
            f"SINGLE_USER names {email}, but this user is switched off.",
            code="single_user_inactive",
        )
    return user
