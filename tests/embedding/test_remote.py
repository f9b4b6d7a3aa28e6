"""Remote embedders against a real HTTP server: what is sent, what is taken, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from convoai.embedding.checks import check_embedder
from convoai.embedding.choice import embedder
from convoai.embedding.embedder import EmbeddingFailed
from convoai.embedding.provider import Kind, Provider
from convoai.embedding.remote import BATCH, RemoteEmbedder
from tests.analysis.provider import Answer, Exchange, ProviderServer, provider_server, raw, silence


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    with provider_server() as running:
        yield running


def asking(server: ProviderServer, *answers: Answer, **changes: Any) -> RemoteEmbedder:
    """An embedder that asks this server, which answers so."""
    server.answers = list(answers)
    kind: Kind = changes.pop("kind", "openai")
    values = {"allowed_hosts": {server.host}, "timeout": 5.0, "pause": 0.01, **changes}
    return RemoteEmbedder(Provider(kind=kind, model="small", url=server.url, key="a key", **values))


def rows(*vectors: Any) -> bytes:
    data = [{"index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    return json.dumps({"data": data[::-1]}).encode()


def by_length(exchange: Exchange) -> None:
    """A vector that tells which text it is for."""
    texts = json.loads(exchange.server.bodies[-1])["input"]
    exchange.give(rows(*([len(text), 0.0] for text in texts)))


def test_texts_are_sent_and_vectors_come_back_normalised_and_in_order(
    server: ProviderServer,
) -> None:
    remote = asking(server, raw(rows([3.0, 4.0], [0.0, -2.0])))
    assert remote.embed(["Hello", "World"]) == [[0.6, 0.8], [0.0, -1.0]]
    assert server.authorizations == ["Bearer a key"]
    assert json.loads(server.bodies[0]) == {
        "model": "small",
        "input": ["Hello", "World"],
        "encoding_format": "float",
    }
    assert (remote.name, remote.dimensions) == ("openai:small", 2)


def test_a_size_is_asked_for_and_is_part_of_the_name(server: ProviderServer) -> None:
    remote = asking(server, raw(rows([1.0, 0.0])), dimensions=2)
    assert remote.name == "openai:small:2"
    remote.embed(["Hello"])
    assert json.loads(server.bodies[0])["dimensions"] == 2
    other = asking(server, raw(rows([1.0, 0.0])), dimensions=3)
    with pytest.raises(EmbeddingFailed, match="2 numbers instead of 3"):
        other.embed(["Hello"])


def test_gemini_is_asked_in_its_own_words(server: ProviderServer) -> None:
    answer = json.dumps({"embeddings": [{"values": [0.0, 5.0]}]}).encode()
    remote = asking(server, raw(answer), kind="google", dimensions=2)
    assert remote.embed(["Hello"]) == [[0.0, 1.0]]
    assert json.loads(server.bodies[0])["requests"] == [
        {
            "model": "models/small",
            "content": {"parts": [{"text": "Hello"}]},
            "outputDimensionality": 2,
        }
    ]
    assert remote.name == "google-gla:small:2"


def test_many_texts_go_in_several_requests_and_blank_ones_not_at_all(
    server: ProviderServer,
) -> None:
    remote = asking(server, by_length)
    texts = ["x" * (number + 1) for number in range(BATCH + 3)]
    vectors = remote.embed([texts[0], " \n", *texts[1:]])
    assert vectors[1] == [0.0, 0.0]
    assert len(vectors) == BATCH + 4
    assert [len(json.loads(body)["input"]) for body in server.bodies] == [BATCH, 3]


def test_a_long_text_is_cut(server: ProviderServer) -> None:
    asking(server, by_length).embed(["x" * 100_000])
    assert len(json.loads(server.bodies[0])["input"][0]) == 8_000


@pytest.mark.bad_input(47, 48)
@pytest.mark.parametrize(
    "body",
    [
        rows(),
        rows([0.0, 0.0]),
        rows([1.0], [1.0]),
        rows([[1.0]]),
        rows(["one"]),
        rows([None, 1.0]),
        rows([]),
        rows([1.0] * 4097),
        rows([float("nan"), 1.0]),
        rows([float("inf"), 1.0]),
        rows([1e308, 1e308]),
        b"[]",
        b"null",
        b'{"data": 3}',
        b'{"data": [{"index": 1, "embedding": [1.0]}]}',
        b'{"data": ' + b"[" * 100_000,
    ],
)
def test_an_answer_that_is_no_vector_is_refused_in_one_sentence(
    server: ProviderServer, body: bytes
) -> None:
    with pytest.raises(EmbeddingFailed, match="cannot be used"):
        asking(server, raw(body)).embed(["a secret"])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (raw(b"a secret", 401), "answered 401"),
        (raw(b"{}", 500), "answered 500"),
        (raw(b'"' + b"x" * 17_000_000 + b'"'), "is over"),
        (raw(b"<p>", type="text/html"), "not JSON"),
    ],
)
def test_a_provider_that_fails_is_told_without_its_words(
    server: ProviderServer, answer: Answer, reason: str
) -> None:
    with pytest.raises(EmbeddingFailed, match=reason) as failure:
        asking(server, answer).embed(["Hello"])
    assert "secret" not in str(failure.value)


def test_a_silent_provider_is_given_up(server: ProviderServer) -> None:
    with pytest.raises(EmbeddingFailed, match="no answer within"):
        asking(server, silence, timeout=0.2).embed(["Hello"])


def test_one_that_was_busy_is_asked_again(server: ProviderServer) -> None:
    remote = asking(server, raw(b"{}", 503), raw(rows([1.0])))
    assert remote.embed(["Hello"]) == [[1.0]]


@pytest.mark.bad_input(120)
def test_a_private_address_is_refused_at_the_connection(server: ProviderServer) -> None:
    with pytest.raises(EmbeddingFailed, match="EMBEDDER_ALLOWED_HOSTS"):
        asking(server, raw(rows([1.0])), allowed_hosts=set()).embed(["Hello"])
    assert not server.bodies


def test_the_settings_choose_and_one_embedder_serves_a_process(settings: Any) -> None:
    settings.EMBEDDER = "openai:BAAI/bge-m3"
    settings.EMBEDDER_BASE_URL = "http://localhost:11434/v1"
    settings.EMBEDDER_ALLOWED_HOSTS = ["localhost:11434"]
    chosen = embedder()
    assert isinstance(chosen, RemoteEmbedder)
    assert (chosen.name, chosen.is_local) == ("openai:BAAI/bge-m3", False)
    assert chosen is embedder()
    assert check_embedder(None) == []
    settings.OPENAI_API_KEY = "very-secret"
    changed = embedder()
    assert isinstance(changed, RemoteEmbedder)
    assert changed is not chosen
    assert "very-secret" not in repr(changed.provider)


@pytest.mark.bad_input(120)
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"EMBEDDER": "gpt"}, "EMBEDDER must be"),
        ({"EMBEDDER": "openai:"}, "must name a model"),
        ({"EMBEDDER": "google-gla:../../secret"}, "must name a model"),
        ({"EMBEDDER": "openai:a"}, "OPENAI_API_KEY"),
        ({"EMBEDDER": "google-gla:a"}, "GOOGLE_API_KEY"),
        ({"EMBEDDER": "openai:a", "EMBEDDER_BASE_URL": "http://127.0.0.1:1/v1"}, "127.0.0.1:1"),
        ({"EMBEDDER": "openai:a", "EMBEDDER_BASE_URL": "file:///etc"}, "https"),
        ({"EMBEDDER": "google-gla:a", "EMBEDDER_BASE_URL": "https://a.example"}, "unset it"),
        ({"EMBEDDER": "openai:a", "OPENAI_API_KEY": "k", "EMBEDDER_TIMEOUT": 0.0}, "above 0"),
        ({"EMBEDDER": "openai:a", "OPENAI_API_KEY": "k", "EMBEDDER_DIMENSIONS": 5000}, "4096"),
        ({"EMBEDDER": "sentence-transformers:/nowhere"}, "must name the folder"),
    ],
)
def test_settings_that_make_no_sense_are_told_in_one_sentence(
    settings: Any, changes: dict[str, Any], sentence: str
) -> None:
    settings.OPENAI_API_KEY = settings.GOOGLE_API_KEY = ""
    for name, value in changes.items():
        setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        embedder()
    assert [one.id for one in check_embedder(None)] == ["embedding.E001"]


@pytest.mark.bad_input(120)
def test_a_name_that_means_this_machine_stops_the_start(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name service is no part of convoai, so it is answered for here."""
    monkeypatch.setattr("convoai.embedding.checks.resolve", lambda endpoint: ["127.0.0.1"])
    settings.EMBEDDER = "openai:a-model"
    settings.EMBEDDER_BASE_URL = "https://model.example.com/v1"
    assert [one.id for one in check_embedder(None)] == ["embedding.E002"]
