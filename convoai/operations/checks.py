"""Settings of operations that must not be as they are."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

TOKEN_LENGTH = 24


@register(Tags.security)
def check_metrics_token(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    token = settings.METRICS_TOKEN
    if not token or (len(token) >= TOKEN_LENGTH and token.isascii() and not set(token) & set(" ,")):
        return []
    return [
        Error(
            f"METRICS_TOKEN is shorter than {TOKEN_LENGTH} characters or cannot be sent in a "
            "header, so that /metrics would be open to guesses or to nobody.",
            hint='Make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))".',
            id="operations.E001",
        )
    ]
