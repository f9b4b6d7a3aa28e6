"""Who must wait after wrong passwords. django-axes keeps the counts in the database, so they
hold for all workers; this says what is counted together.

Three counters, each empty again when the last failure is AXES_COOLOFF_TIME ago:
an account (LOGIN_TRIES), a network address (LOGIN_TRIES_PER_ADDRESS), and, in place of both,
a browser known to the account (LOGIN_TRIES).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone

from convoai.accounts.client_address import UNKNOWN
from convoai.accounts.known_devices import known_device

Credentials = Mapping[str, Any]


def account_key(request: HttpRequest, credentials: Credentials | None = None) -> str:
    """The account that a sign-in is about, whatever the case it was typed in.

    Text without an @ is not kept: it may be a password typed into the wrong box.
    """
    typed = credentials or request.POST
    name = typed.get("username") or typed.get("email") or ""
    return name.strip().lower()[:255] if isinstance(name, str) and "@" in name else ""


class LockoutHandler(AxesDatabaseHandler):
    def is_allowed(self, request: HttpRequest, credentials: Credentials | None = None) -> bool:
        mark_client(request, credentials)
        return bool(super().is_allowed(request, credentials))

    def user_login_failed(
        self,
        sender: Any,
        credentials: Credentials,
        request: HttpRequest | None = None,
        **kwargs: Any,
    ) -> None:
        if request is not None:
            mark_client(request, credentials)
        super().user_login_failed(sender, credentials, request, **kwargs)

    def filter_user_attempts(
        self, request: Any, credentials: Credentials | None = None
    ) -> list[QuerySet[AccessAttempt]]:
        """The counters that this request answers for."""
        account = account_key(request, credentials)
        device = request.axes_user_agent
        attempts = AccessAttempt.objects.filter(user_agent=device)
        if device or request.axes_ip_address == UNKNOWN:
            return [attempts.filter(username=account)]
        return [
            attempts.filter(username=account),
            attempts.filter(ip_address=request.axes_ip_address),
        ]

    def get_failures(self, request: Any, credentials: Credentials | None = None) -> int:
        """The failures of the fullest counter, on the scale of LOGIN_TRIES.

        axes knows one limit only, so failures per address are scaled down to it.
        """
        limits = [settings.LOGIN_TRIES, settings.LOGIN_TRIES_PER_ADDRESS]
        fullest, request.axes_retry_after = 0, None
        counters = self.get_user_attempts(request, credentials)
        for attempts, limit in zip(counters, limits, strict=False):
            total = attempts.aggregate(
                failures=Sum("failures_since_start"), latest=Max("attempt_time")
            )
            failures = (total["failures"] or 0) * settings.LOGIN_TRIES // limit
            if failures > fullest:
                fullest = failures
                request.axes_retry_after = total["latest"] + settings.AXES_COOLOFF_TIME
        return fullest

    def reset_user_attempts(self, request: Any, credentials: Credentials | None = None) -> int:
        """Forget the failures of this account from this address only.

        Forgetting all of the address's would let a guesser start afresh by signing in to an
        account of his own; forgetting all of the account's would help him at every sign-in of
        its owner.
        """
        count, _ = AccessAttempt.objects.filter(
            username=account_key(request, credentials), ip_address=request.axes_ip_address
        ).delete()
        return int(count)


def mark_client(request: Any, credentials: Credentials | None) -> None:
    """Put the known device, or nothing, where axes keeps the browser's description.

    A description chosen by the client would open a new row at every try, and needs no keeping.
    """
    request.axes_user_agent = known_device(request, account_key(request, credentials))
    request.axes_http_accept = ""
    request.axes_path_info = request.path.replace("\0", "")[:255]


def seconds_to_wait(request: HttpRequest) -> int:
    """How long a locked-out client has to wait."""
    until = getattr(request, "axes_retry_after", None)
    if until is None:
        until = timezone.now() + settings.AXES_COOLOFF_TIME
    return max(1, round((until - timezone.now()).total_seconds()))
