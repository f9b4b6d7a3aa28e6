"""Which model to ask, where, and with what key."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from convoai.outbound import ForbiddenHost, require_public

Kind = Literal["google", "openai"]
KINDS: dict[str, Kind] = {"google-gla": "google", "google": "google", "openai": "openai"}
URLS: dict[Kind, str] = {
    "google": "https://generativelanguage.googleapis.com/",
    "openai": "https://api.openai.com/v1/",
}
EXAMPLES = "offline, google-gla:<gemini model> or openai:<model>"
# The setting with hosts that may be private.
LISTED_IN = "ANALYZER_ALLOWED_HOSTS"
# A server of one's own usually asks for no key, but the protocol has a place for one.
NO_KEY = "none"
LONGEST_MODEL = 100


class BadChoice(Exception):
    """ANALYZER and its companions make no sense; the message is a sentence with the fix."""


@dataclass(frozen=True, slots=True)
class Provider:
    """`name` is what ANALYZER says; `timeout` is in seconds for one try, `pause` before another."""

    name: str
    kind: Kind
    model: str
    url: str
    key: str = field(repr=False)
    timeout: float = 60.0
    allowed_hosts: Collection[str] = ()
    pause: float = 1.0


def provider_from(
    *,
    name: str,
    base_url: str,
    google_key: str,
    openai_key: str,
    timeout: float,
    allowed_hosts: Collection[str],
    pause: float = 1.0,
) -> Provider:
    """The provider that the settings name. Raises BadChoice."""
    prefix, _, model = name.partition(":")
    kind = KINDS.get(prefix)
    if kind is None or not model.strip() or len(model) > LONGEST_MODEL or not model.isprintable():
        raise BadChoice(f"ANALYZER must be {EXAMPLES}.")
    if kind == "google" and base_url:
        raise BadChoice("ANALYZER_BASE_URL goes with ANALYZER=openai:<model> only: unset it.")
    if kind == "google" and not google_key:
        raise BadChoice("ANALYZER=google-gla:… needs a key: set GOOGLE_API_KEY or GEMINI_API_KEY.")
    if kind == "openai" and not openai_key and not base_url:
        raise BadChoice(
            "ANALYZER=openai:… needs a key: set OPENAI_API_KEY, or ANALYZER_BASE_URL for a "
            "server of your own."
        )
    if timeout <= 0:
        raise BadChoice("ANALYZER_TIMEOUT must be a number of seconds above 0.")
    if base_url:
        try:
            require_public(base_url, allowed_hosts, listed_in=LISTED_IN)
        except ForbiddenHost as error:
            raise BadChoice(f"ANALYZER_BASE_URL is refused: {error}.") from None
    return Provider(
        name=name,
        kind=kind,
        model=model.strip(),
        url=base_url or URLS[kind],
        key=google_key if kind == "google" else openai_key or NO_KEY,
        timeout=timeout,
        allowed_hosts=allowed_hosts,
        pause=pause,
    )
