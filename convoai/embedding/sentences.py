"""An embedder of one's own: a sentence-transformers model in a folder of this machine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from convoai.embedding.embedder import LONGEST_TEXT, EmbeddingFailed
from convoai.embedding.provider import MOST_DIMENSIONS

MISSING = (
    "EMBEDDER=sentence-transformers:… needs a package that is not among the requirements, because "
    "it brings 2.4 GB: run .venv/bin/python -m pip install sentence-transformers"
)


class SentenceEmbedder:
    """Loads the model at first use, from the folder alone. Slow without a GPU, so not `is_local`.

    Messages are then embedded by the worker and by `manage.py embed`.
    """

    is_local = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"sentence-transformers:{folder.name}"
        self._lock = threading.Lock()
        self._model: Any = None

    @property
    def dimensions(self) -> int:
        return int(self._loaded().get_sentence_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """See Embedder. Raises EmbeddingFailed."""
        size = self.dimensions
        spoken = [text[:LONGEST_TEXT] for text in texts if text.strip()]
        with self._lock:
            rows = self._model.encode(spoken, normalize_embeddings=True, show_progress_bar=False)
        found = iter(rows.tolist() if spoken else [])
        return [next(found) if text.strip() else [0.0] * size for text in texts]

    def _loaded(self) -> Any:
        with self._lock:
            if self._model is None:
                self._model = load_model(self.folder)
            return self._model


def load_model(folder: Path) -> Any:
    """The model in the folder, without asking the network. Raises EmbeddingFailed with the fix."""
    try:
        library = import_module("sentence_transformers")
    except ImportError:
        raise EmbeddingFailed(MISSING) from None
    try:
        model = library.SentenceTransformer(str(folder), local_files_only=True)
        size = model.get_sentence_embedding_dimension()
    except (OSError, ValueError, RuntimeError) as error:
        raise EmbeddingFailed("the folder that EMBEDDER names holds no usable model") from error
    if not size or size > MOST_DIMENSIONS:
        raise EmbeddingFailed(
            f"the model that EMBEDDER names has over {MOST_DIMENSIONS} dimensions"
        )
    return model
