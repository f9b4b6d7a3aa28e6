"""The offline embedder: real vectors from the installed package, without network."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from convoai.embedding.choice import embedder
from convoai.embedding.offline import DIMENSIONS, OfflineEmbedder
from convoai.embedding.warming import warm
from tests.guards.source import ROOT


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def offline() -> OfflineEmbedder:
    return OfflineEmbedder()


def test_it_is_the_default_and_one_per_process() -> None:
    assert isinstance(embedder(), OfflineEmbedder)
    assert embedder() is embedder()


def test_none_turns_it_off(settings: Any) -> None:
    settings.EMBEDDER = "none"
    assert embedder() is None


def test_an_unknown_name_is_told_what_there_is(settings: Any) -> None:
    settings.EMBEDDER = "word2vec"
    with pytest.raises(ImproperlyConfigured, match="EMBEDDER must be"):
        embedder()


def test_vectors_have_length_one_and_the_promised_size(offline: OfflineEmbedder) -> None:
    for vector in offline.embed(["I moved to Porto.", "中文 without spaces", "x" * 200_000]):
        assert len(vector) == DIMENSIONS == offline.dimensions
        assert math.isclose(cosine(vector, vector), 1, rel_tol=1e-5)


def test_what_means_the_same_is_nearer(offline: OfflineEmbedder) -> None:
    question, near, far = offline.embed(
        ["Which pet does she have?", "She has a dog and two cats.", "The train was late again."]
    )
    assert cosine(question, near) > cosine(question, far) + 0.1


def test_a_text_without_a_word_is_all_zeros_among_others(offline: OfflineEmbedder) -> None:
    first, empty, last = offline.embed(["Hello", "", "Goodbye"])
    assert set(empty) == {0.0}
    assert (first, last) == tuple(offline.embed(["Hello", "Goodbye"]))
    assert offline.embed([]) == []
    assert offline.embed([""]) == [[0.0] * DIMENSIONS]


def test_a_text_has_one_vector_whatever_stands_beside_it(offline: OfflineEmbedder) -> None:
    texts = [f"message {n} " + "and more " * n for n in range(300)]
    together = offline.embed(texts)
    for n in (0, 7, 255, 256, 299):
        assert together[n] == pytest.approx(offline.embed([texts[n]])[0], abs=1e-5)


def test_loading_needs_no_network_and_none_of_the_code_of_wordllama() -> None:
    program = """
import json, socket, sys
def refuse(*args): raise AssertionError("the network was asked")
socket.getaddrinfo = socket.socket.connect = refuse
from convoai.embedding.offline import OfflineEmbedder
vector = OfflineEmbedder().embed(["Hello"])[0]
print(json.dumps([len(vector), sorted({"wordllama", "requests"} & set(sys.modules))]))
"""
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(result.stdout) == [DIMENSIONS, []]


def test_a_missing_package_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from convoai.embedding import offline as module
    from convoai.embedding.embedder import EmbeddingFailed

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(EmbeddingFailed, match="make install"):
        OfflineEmbedder().embed(["Hello"])


def test_it_is_loaded_before_it_is_needed_and_a_failure_is_only_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fresh = OfflineEmbedder()
    monkeypatch.setattr("convoai.embedding.warming.embedder", lambda: fresh)
    warm()
    assert fresh._loaded is not None
    monkeypatch.setattr("convoai.embedding.offline.find_spec", lambda name: None)
    monkeypatch.setattr("convoai.embedding.warming.embedder", OfflineEmbedder)
    warm()
    assert "no search by meaning: wordllama is not installed" in caplog.text
