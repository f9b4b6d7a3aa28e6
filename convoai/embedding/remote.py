"""Embedders that ask a provider: OpenAI, servers that speak the same, and Gemini."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from convoai.embedding.embedder import LONGEST_TEXT, EmbeddingFailed
from convoai.embedding.provider import LISTED_IN, MOST_DIMENSIONS, Provider
from convoai.outbound import RequestFailed

# Texts in one request, and what their vectors may take as JSON.
BATCH = 64
MOST_BYTES = 16_000_000
UNUSABLE = "the provider's answer cannot be used"


class RemoteEmbedder:
    """Sends texts to the provider, some at a time; what it raises never repeats their words."""

    is_local = False

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.name = provider.name
        self._dimensions = provider.dimensions

    @property
    def dimensions(self) -> int:
        """As set, or as the first answer shows; asks for one when there was none."""
        if not self._dimensions:
            self.embed(["size"])
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """See Embedder. Texts without a word are not sent."""
        spoken = [text[:LONGEST_TEXT] for text in texts if text.strip()]
        if not spoken:
            return [[0.0] * self.dimensions for _ in texts]
        try:
            found = iter(asyncio.run(self._ask_all(spoken)))
        except RequestFailed as failure:
            raise EmbeddingFailed(str(failure)) from None
        return [next(found) if text.strip() else [0.0] * self._dimensions for text in texts]

    async def _ask_all(self, texts: list[str]) -> list[list[float]]:
        from convoai.transport import GuardedTransport, client

        provider = self.provider
        transport = GuardedTransport(
            allowed=provider.allowed_hosts,
            listed_in=LISTED_IN,
            timeout=provider.timeout,
            pause=provider.pause,
            most_bytes=MOST_BYTES,
        )
        vectors: list[list[float]] = []
        # No limit of the client's own: the transport counts the time of each try.
        async with client(transport, None) as http:
            for start in range(0, len(texts), BATCH):
                batch = texts[start : start + BATCH]
                url, headers, body = request_for(provider, batch)
                response = await http.post(url, headers=headers, json=body)
                vectors += self._vectors(response, len(batch))
        return vectors

    def _vectors(self, response: Any, count: int) -> list[list[float]]:
        try:
            numbers = numbers_in(self.provider, response.json())
            vectors = unit_rows(numbers)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            raise EmbeddingFailed(UNUSABLE) from None
        if len(vectors) != count:
            raise EmbeddingFailed(UNUSABLE)
        size = len(vectors[0])
        if self._dimensions and size != self._dimensions:
            raise EmbeddingFailed(f"the model gave {size} numbers instead of {self._dimensions}")
        self._dimensions = size
        return vectors


def request_for(provider: Provider, texts: list[str]) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Where to ask, with which headers and body."""
    if provider.kind == "google":
        size = {"outputDimensionality": provider.dimensions} if provider.dimensions else {}
        model = f"models/{provider.model}"
        requests = [
            {"model": model, "content": {"parts": [{"text": text}]}, **size} for text in texts
        ]
        url = f"{provider.url}/{model}:batchEmbedContents"
        return url, {"x-goog-api-key": provider.key}, {"requests": requests}
    body: dict[str, Any] = {"model": provider.model, "input": texts, "encoding_format": "float"}
    if provider.dimensions:
        body["dimensions"] = provider.dimensions
    headers = {"Authorization": f"Bearer {provider.key}"} if provider.key else {}
    return f"{provider.url}/embeddings", headers, body


def numbers_in(provider: Provider, answer: Any) -> list[list[float]]:
    """The vectors of an answer, in the order of the texts. Raises what a wrong shape raises."""
    if provider.kind == "google":
        return [one["values"] for one in answer["embeddings"]]
    rows = sorted(answer["data"], key=lambda row: int(row["index"]))
    if [row["index"] for row in rows] != list(range(len(rows))):
        raise ValueError("other places than asked for")
    return [row["embedding"] for row in rows]


def unit_rows(numbers: list[list[float]]) -> list[list[float]]:
    """The rows, each of length 1. Raises ValueError for what is no vector, zeros included."""
    import numpy as np

    rows = np.array(numbers, dtype=np.float64)
    if rows.ndim != 2 or not 1 <= rows.shape[1] <= MOST_DIMENSIONS:
        raise ValueError("no vectors, or too long ones")
    with np.errstate(over="ignore"):
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or not (norms > 0).all():
        raise ValueError("vectors without a length")
    units: list[list[float]] = (rows / norms).tolist()
    return units
