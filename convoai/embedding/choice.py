"""Which embedder works here, as the settings say."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from convoai.embedding.embedder import Embedder
from convoai.embedding.offline import OfflineEmbedder
from convoai.embedding.provider import KINDS, BadChoice, Kind, Provider, provider_from
from convoai.embedding.remote import RemoteEmbedder
from convoai.embedding.sentences import SentenceEmbedder

NONE = "none"
OFFLINE = "wordllama"
SENTENCES = "sentence-transformers"
EXAMPLES = (
    "wordllama, none, openai:<model>, google-gla:<model> or sentence-transformers:</path/to/model>"
)


def embedder() -> Embedder | None:
    """The embedder that EMBEDDER names, one per process; None without. Raises ImproperlyConfigured.

    Cheap: the model itself is loaded, or asked, at the first `embed`.
    """
    if settings.EMBEDDER == NONE:
        return None
    if settings.EMBEDDER == OFFLINE:
        return _offline()
    prefix, _, rest = settings.EMBEDDER.partition(":")
    if prefix == SENTENCES:
        return _sentences(rest.strip())
    if prefix in KINDS:
        return _remote(configured_provider(KINDS[prefix], rest.strip()))
    raise ImproperlyConfigured(f"EMBEDDER must be {EXAMPLES}.")


def configured_provider(kind: Kind, model: str) -> Provider:
    """The remote model as the settings describe it. Raises ImproperlyConfigured."""
    try:
        return provider_from(
            kind=kind,
            model=model,
            base_url=settings.EMBEDDER_BASE_URL,
            google_key=settings.GOOGLE_API_KEY,
            openai_key=settings.OPENAI_API_KEY,
            dimensions=settings.EMBEDDER_DIMENSIONS,
            timeout=settings.EMBEDDER_TIMEOUT,
            allowed_hosts=frozenset(settings.EMBEDDER_ALLOWED_HOSTS),
        )
    except BadChoice as error:
        raise ImproperlyConfigured(str(error)) from None


@lru_cache(maxsize=1)
def _offline() -> OfflineEmbedder:
    return OfflineEmbedder()


@lru_cache(maxsize=4)
def _remote(provider: Provider) -> RemoteEmbedder:
    return RemoteEmbedder(provider)


@lru_cache(maxsize=4)
def _sentences(folder: str) -> SentenceEmbedder:
    if not Path(folder).is_dir():
        raise ImproperlyConfigured(
            f"EMBEDDER={SENTENCES}:… must name the folder of a model on this machine."
        )
    return SentenceEmbedder(Path(folder))
