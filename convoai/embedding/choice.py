"""Which embedder works here, as the settings say."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from convoai.embedding.embedder import Embedder
from convoai.embedding.offline import OfflineEmbedder

NONE = "none"
OFFLINE = "wordllama"


def embedder() -> Embedder | None:
    """The embedder that EMBEDDER names, one per process; None without. Raises ImproperlyConfigured.

    Cheap: the model itself is loaded, or asked, at the first `embed`.
    """
    return _embedder_named(settings.EMBEDDER)


@lru_cache(maxsize=8)
def _embedder_named(name: str) -> Embedder | None:
    if name == NONE:
        return None
    if name == OFFLINE:
        return OfflineEmbedder()
    raise ImproperlyConfigured("EMBEDDER must be none or wordllama.")
