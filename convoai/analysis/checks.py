"""Whether ANALYZER and its companions can work, looked at when convoai starts."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from convoai.analysis.choice import configured_provider
from convoai.analysis.model.provider import LISTED_IN
from convoai.outbound import ForbiddenHost, endpoint_of, public_addresses, resolve


@register(Tags.security)
def check_analyzer(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What the settings say, and where the provider's name leads to at this moment."""
    try:
        provider = configured_provider()
    except ImproperlyConfigured as error:
        hint = "docs/configuration.md has examples."
        return [Error(str(error), hint=hint, id="analysis.E001")]
    if provider is None:
        return []
    endpoint = endpoint_of(provider.url)
    found = resolve(endpoint)
    if not found:
        # No network at the moment is no reason not to start; an analysis will say so.
        return []
    try:
        public_addresses(endpoint, found, provider.allowed_hosts, listed_in=LISTED_IN)
    except ForbiddenHost as error:
        return [Error(f"The analyzer's address is refused: {error}.", id="analysis.E002")]
    return []
