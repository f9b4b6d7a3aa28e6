"""Whether EMBEDDER and its companions can work, looked at when convoai starts."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from convoai.embedding.choice import embedder
from convoai.embedding.provider import LISTED_IN
from convoai.embedding.remote import RemoteEmbedder
from convoai.outbound import ForbiddenHost, endpoint_of, public_addresses, resolve


@register(Tags.security)
def check_embedder(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What the settings say, and where the provider's name leads to at this moment."""
    try:
        chosen = embedder()
    except ImproperlyConfigured as error:
        hint = "docs/configuration.md has examples."
        return [Error(str(error), hint=hint, id="embedding.E001")]
    if not isinstance(chosen, RemoteEmbedder):
        return []
    endpoint = endpoint_of(chosen.provider.url)
    found = resolve(endpoint)
    if not found:
        # No network at the moment is no reason not to start; the log will say so.
        return []
    try:
        public_addresses(endpoint, found, chosen.provider.allowed_hosts, listed_in=LISTED_IN)
    except ForbiddenHost as error:
        return [Error(f"The embedder's address is refused: {error}.", id="embedding.E002")]
    return []
