"""The offline embedder: the mean of wordllama's word vectors, read from its package.

Only the two data files of wordllama are used, and none of its code: that looks for them in a wrong
folder, then asks the network, and pads each text of a batch to the longest one. The vectors are the
same. Source: https://github.com/dleemiller/WordLlama, model l2_supercat, 256 dimensions.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from convoai.embedding.embedder import LONGEST_TEXT, EmbeddingFailed

NAME = "wordllama:l2_supercat_256"
DIMENSIONS = 256
WEIGHTS = Path("weights") / "l2_supercat_256.safetensors"
TOKENIZER = Path("tokenizers") / "l2_supercat_tokenizer_config.json"
# Characters at a time: each may be a word of its own, with 1.5 KB of vectors while it is looked at.
AT_ONCE = 32_000


class OfflineEmbedder:
    """256 numbers a text, some 20,000 texts a second, without network. Loads at first use."""

    name = NAME
    dimensions = DIMENSIONS
    is_local = True

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """See Embedder. Raises EmbeddingFailed when wordllama is not installed."""
        tokenizer, weights = self.load()
        vectors: list[list[float]] = []
        for batch in _batches(texts):
            vectors += _means(tokenizer, weights, batch).tolist()
        return vectors

    def load(self) -> tuple[Any, Any]:
        """The tokenizer and the word vectors (32,000 by 256), read once; about 0.2 seconds."""
        with self._lock:
            if self._loaded is None:
                self._loaded = _read_model(package_folder())
            return self._loaded


def package_folder() -> Path:
    """Where wordllama is installed, found without importing it. Raises EmbeddingFailed."""
    spec = find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddingFailed("wordllama is not installed: run make install, or set EMBEDDER=none")
    return Path(spec.submodule_search_locations[0])


def _read_model(folder: Path) -> tuple[Any, Any]:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        # 32 MB instead of 16: turning half precision into single takes longer than adding it up.
        weights = load_file(folder / WEIGHTS)["embedding.weight"].astype("float32")
    except (OSError, KeyError) as error:
        raise EmbeddingFailed("wordllama's files are incomplete: run make install") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer, weights


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in order, cut to what counts, in batches of a bounded size."""
    batch: list[str] = []
    size = 0
    for text in texts:
        cut = text[:LONGEST_TEXT]
        if batch and size + len(cut) > AT_ONCE:
            yield batch
            batch, size = [], 0
        batch.append(cut)
        size += len(cut)
    if batch:
        yield batch


def _means(tokenizer: Any, weights: Any, texts: list[str]) -> Any:
    """The normalised mean vector of each text, as rows of a float32 array."""
    import numpy as np

    tokens = [one.ids for one in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    lengths = np.array([len(ids) for ids in tokens])
    means = np.zeros((len(texts), weights.shape[1]), dtype=np.float32)
    spoken = lengths > 0
    if not spoken.any():
        return means
    words = np.concatenate([ids for ids in tokens if ids]).astype(np.intp)
    starts = np.concatenate(([0], np.cumsum(lengths[spoken])[:-1]))
    # The sum instead of the mean: the length is made 1 anyway.
    sums = np.add.reduceat(weights[words], starts, axis=0)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    means[spoken] = np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0)
    return means
