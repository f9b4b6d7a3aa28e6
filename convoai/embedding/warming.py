"""Loading the model of this machine before somebody needs it."""

from __future__ import annotations

import logging

from django.core.exceptions import ImproperlyConfigured

from convoai.embedding.choice import embedder
from convoai.embedding.embedder import EmbeddingFailed

logger = logging.getLogger("convoai.embedding")


def warm() -> None:
    """Load the embedder when it works on this machine. A failure is logged only."""
    try:
        chosen = embedder()
        if chosen is not None and chosen.is_local:
            chosen.embed(["Hello"])
    except (EmbeddingFailed, ImproperlyConfigured) as error:
        logger.warning("There is no search by meaning: %s", error)
