"""Which remote model embeds, where, and with what key."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from convoai.outbound import ForbiddenHost, require_public

Kind = Literal["google", "openai"]
KINDS: dict[str, Kind] = {"google-gla": "google", "openai": "openai"}
URLS: dict[Kind, str] = {
    "google": "https://generativelanguage.googleapis.com/v1beta",
    "openai": "https://api.openai.com/v1",
}
# The setting with hosts that may be private.
LISTED_IN = "EMBEDDER_ALLOWED_HOSTS"
# The vectors of talks and faces have room for so many.
MOST_DIMENSIONS = 4096
LONGEST_MODEL = 100


class BadChoice(Exception):
    """EMBEDDER and its companions make no sense; the message is a sentence with the fix."""


@dataclass(frozen=True, slots=True)
class Provider:
    """`dimensions` 0: the model's own; `timeout` in seconds for one try, `pause` before another."""

    kind: Kind
    model: str
    url: str
    key: str = field(repr=False)
    dimensions: int = 0
    timeout: float = 30.0
    allowed_hosts: Collection[str] = ()
    pause: float = 1.0

    @property
    def name(self) -> str:
        """What is stored beside vectors: a model cut to another size is another model."""
        prefix = next(word for word, kind in KINDS.items() if kind == self.kind)
        return f"{prefix}:{self.model}" + (f":{self.dimensions}" if self.dimensions else "")


def provider_from(
    *,
    kind: Kind,
    model: str,
    base_url: str,
    google_key: str,
    openai_key: str,
    dimensions: int,
    timeout: float,
    allowed_hosts: Collection[str],
    pause: float = 1.0,
) -> Provider:
    """The provider that the settings name. Raises BadChoice."""
    # Gemini's model becomes part of the address.
    plain = kind == "openai" or model.replace("-", "").replace(".", "").isalnum()
    if not model or len(model) > LONGEST_MODEL or not model.isprintable() or not plain:
        raise BadChoice(
            "EMBEDDER must name a model after the colon: openai:text-embedding-3-small."
        )
    if kind == "google" and base_url:
        raise BadChoice("EMBEDDER_BASE_URL goes with EMBEDDER=openai:<model> only: unset it.")
    if kind == "google" and not google_key:
        raise BadChoice("EMBEDDER=google-gla:… needs a key: set GOOGLE_API_KEY or GEMINI_API_KEY.")
    if kind == "openai" and not openai_key and not base_url:
        raise BadChoice(
            "EMBEDDER=openai:… needs a key: set OPENAI_API_KEY, or EMBEDDER_BASE_URL for a server "
            "of your own."
        )
    if not 0 <= dimensions <= MOST_DIMENSIONS:
        raise BadChoice(f"EMBEDDER_DIMENSIONS must be 1 to {MOST_DIMENSIONS}, or not set.")
    if timeout <= 0:
        raise BadChoice("EMBEDDER_TIMEOUT must be a number of seconds above 0.")
    if base_url:
        try:
            require_public(base_url, allowed_hosts, listed_in=LISTED_IN)
        except ForbiddenHost as error:
            raise BadChoice(f"EMBEDDER_BASE_URL is refused: {error}.") from None
    return Provider(
        kind=kind,
        model=model,
        url=(base_url or URLS[kind]).rstrip("/"),
        key=google_key if kind == "google" else openai_key,
        dimensions=dimensions,
        timeout=timeout,
        allowed_hosts=allowed_hosts,
        pause=pause,
    )
