"""A model in a folder: its package is optional, so a stand-in plays it here."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from convoai.embedding.choice import embedder
from convoai.embedding.embedder import EmbeddingFailed
from convoai.embedding.sentences import SentenceEmbedder


class Model:
    """As sentence_transformers.SentenceTransformer: three numbers a text."""

    def __init__(self, folder: str, *, local_files_only: bool) -> None:
        assert local_files_only
        if folder.endswith("empty"):
            raise OSError(folder)

    def get_sentence_embedding_dimension(self) -> int:
        return 3

    def encode(self, texts: list[str], **options: Any) -> Any:
        assert options["normalize_embeddings"]
        return np.array([[1.0, 0.0, 0.0] for _ in texts])


def test_without_the_package_it_says_what_to_install(settings: Any, tmp_path: Path) -> None:
    settings.EMBEDDER = f"sentence-transformers:{tmp_path}"
    chosen = embedder()
    assert isinstance(chosen, SentenceEmbedder)
    with pytest.raises(EmbeddingFailed, match="pip install sentence-transformers"):
        chosen.embed(["Hello"])


def test_the_model_of_the_folder_embeds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library = ModuleType("sentence_transformers")
    library.SentenceTransformer = Model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", library)
    chosen = SentenceEmbedder(tmp_path / "mini")
    assert chosen.embed(["Hello", " "]) == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    assert (chosen.name, chosen.dimensions) == ("sentence-transformers:mini", 3)
    with pytest.raises(EmbeddingFailed, match="no usable model"):
        SentenceEmbedder(tmp_path / "empty").embed(["Hello"])
