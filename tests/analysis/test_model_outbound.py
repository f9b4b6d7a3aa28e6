"""Where requests to a provider may go: checked as written, and again at each connection."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from django.core.exceptions import ImproperlyConfigured

from convoai.analysis.checks import check_analyzer
from convoai.analysis.choice import configured_analyzer
from convoai.analysis.failure import AnalysisFailed
from convoai.analysis.model.analyzer import FallbackAnalyzer, ModelAnalyzer
from convoai.analysis.offline.analyzer import OfflineAnalyzer
from convoai.outbound import ForbiddenHost, RequestFailed, require_public
from convoai.transport import GuardedTransport, client
from tests.analysis.provider import ProviderServer

PRIVATE = [
    "https://127.0.0.1/v1",
    "https://127.1/v1",
    "https://0/v1",
    "https://0.0.0.0/v1",
    "https://2130706433/v1",
    "https://0x7f.1/v1",
    "https://0177.1/v1",
    "https://0x7f000001/v1",
    "https://１２７.0.0.1/v1",
    "https://[::1]/v1",
    "https://[::]/v1",
    "https://[::ffff:127.0.0.1]/v1",
    "https://[::ffff:7f00:1]/v1",
    "https://[64:ff9b::7f00:1]/v1",
    "https://[2002:7f00:1::]/v1",
    "https://[fd00::1]/v1",
    "https://[fe80::1]/v1",
    "https://169.254.169.254/latest",
    "https://10.1.2.3/v1",
    "https://172.16.0.1/v1",
    "https://192.168.1.1/v1",
    "https://100.64.0.1/v1",
    "https://224.0.0.1/v1",
    "https://255.255.255.255/v1",
    "https://localhost/v1",
    "https://localhost./v1",
    "https://LOCALHOST:8443/v1",
    "https://api.localhost/v1",
    "https://metadata.google.internal/v1",
    "https://printer.local/v1",
]
MALFORMED = [
    "file:///etc/passwd",
    "ftp://example.com/v1",
    "//example.com/v1",
    "example.com/v1",
    "https://",
    "https:///v1",
    "https://user:secret@example.com/v1",
    "https://example.com@127.0.0.1/v1",
    "https://example.com\\@127.0.0.1/v1",
    "https://example.com:port/v1",
    "https://example.com:99999/v1",
    "https://[::1/v1",
    "https://[fe80::1%25eth0]/v1",
    "https://exa mple.com/v1",
    "https://bücher.example/v1",
    "https://example.com/v1?key=1",
    "https://example.com/v1#there",
    "http://example.com/v1",
]


@pytest.mark.bad_input(120)
@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_address_is_refused_however_it_is_spelt(url: str) -> None:
    with pytest.raises(ForbiddenHost, match="private network"):
        require_public(url, frozenset())


@pytest.mark.bad_input(120)
@pytest.mark.parametrize("url", MALFORMED)
def test_an_address_that_is_not_plain_https_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenHost) as refusal:
        require_public(url, frozenset())
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "listed"),
    [
        ("https://api.example.com/v1", ""),
        ("https://1.1.1.1/v1", ""),
        ("https://[2606:4700::1111]:8443/v1", ""),
        ("https://xn--bcher-kva.example/v1", ""),
        ("http://localhost:11434/v1", "localhost:11434"),
        ("http://LOCALHOST.:11434/v1", "localhost:11434"),
        ("http://[::1]:8000/v1", "[::1]:8000"),
        ("http://10.0.0.7/v1", "10.0.0.7:80"),
    ],
)
def test_public_and_listed_addresses_are_taken(url: str, listed: str) -> None:
    assert require_public(url, {listed})


@pytest.mark.bad_input(120)
def test_a_listed_port_opens_no_other_port() -> None:
    with pytest.raises(ForbiddenHost):
        require_public("http://localhost:5432/v1", {"localhost:11434"})


def fetch(url: str, *found: str, listed: str = "") -> httpx2.Response:
    """What a request to this URL gets when its name resolves to the given numbers."""

    async def go() -> httpx2.Response:
        transport = GuardedTransport(
            allowed={listed}, timeout=20, pause=0.01, lookup=lambda endpoint: list(found)
        )
        async with client(transport, 60) as http:
            return await http.post(url, json={})

    return asyncio.run(go())


@pytest.mark.bad_input(120)
@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:10.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
    ],
)
def test_a_name_that_means_a_private_address_is_not_connected_to(
    server: ProviderServer, found: list[str]
) -> None:
    with pytest.raises(RequestFailed, match="private network"):
        fetch(f"http://model.example.com:{server.server_port}/v1", *found)
    assert not server.bodies


def test_the_checked_number_is_connected_to_under_the_name(server: ProviderServer) -> None:
    server.answers = [lambda exchange: exchange.give(f'"{exchange.headers["Host"]}"'.encode())]
    name = f"model.example.com:{server.server_port}"
    assert fetch(f"http://{name}/v1", "127.0.0.1", listed=name).json() == name


def test_the_next_number_is_tried_when_nobody_listens_at_the_first(server: ProviderServer) -> None:
    server.answers = [lambda exchange: exchange.give(b"1")]
    name = f"localhost:{server.server_port}"
    assert fetch(f"http://{name}/v1", "::1", "127.0.0.1", listed=name).json() == 1


@pytest.mark.bad_input(120)
def test_a_redirect_is_not_followed(server: ProviderServer) -> None:
    server.answers = [
        lambda exchange: exchange.give(b"{}", 307, Location=f"{server.url}/elsewhere")
    ]
    with pytest.raises(RequestFailed, match="answered 307"):
        fetch(server.url, "127.0.0.1", listed=server.host)
    assert len(server.bodies) == 1


@pytest.mark.bad_input(120)
def test_proxies_of_the_environment_are_not_used(
    server: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, server.url)
    with pytest.raises(RequestFailed, match="private network"):
        fetch("http://model.example.com/v1", "10.0.0.1")
    assert not server.bodies


@pytest.mark.bad_input(120)
def test_an_analyzer_never_reaches_a_host_that_was_taken_off_the_list(
    server: ProviderServer,
) -> None:
    analyzer = server.analyzer(lambda exchange: exchange.give(b"{}"))
    allowed = analyzer.provider.allowed_hosts
    assert isinstance(allowed, set)
    allowed.clear()
    with pytest.raises(AnalysisFailed, match="private network"):
        asyncio.run(_ask(analyzer))
    assert not server.bodies


async def _ask(analyzer: ModelAnalyzer) -> None:
    from convoai.analysis.model.asking import ask

    await ask(analyzer.provider, "instructions", ["a talk"])


def test_offline_is_the_default(settings: Any) -> None:
    assert settings.ANALYZER == "offline"
    assert isinstance(configured_analyzer(), OfflineAnalyzer)


def test_the_settings_choose_the_analyzer(settings: Any) -> None:
    settings.ANALYZER = "openai:a-model"
    settings.ANALYZER_BASE_URL = "http://localhost:11434/v1"
    settings.ANALYZER_ALLOWED_HOSTS = ["localhost:11434"]
    analyzer = configured_analyzer()
    assert isinstance(analyzer, ModelAnalyzer)
    assert analyzer.name == "openai:a-model"
    settings.ANALYZER_FALLBACK = "offline"
    assert isinstance(configured_analyzer(), FallbackAnalyzer)
    assert check_analyzer(None) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ANALYZER": "gpt"}, "ANALYZER must be offline"),
        ({"ANALYZER": "openai:"}, "ANALYZER must be offline"),
        ({"ANALYZER": "openai:a\nb"}, "ANALYZER must be offline"),
        ({"ANALYZER": "openai:a"}, "OPENAI_API_KEY"),
        ({"ANALYZER": "google-gla:a"}, "GOOGLE_API_KEY"),
        ({"ANALYZER": "openai:a", "ANALYZER_BASE_URL": "http://127.0.0.1:1/v1"}, "127.0.0.1:1"),
        ({"ANALYZER": "google-gla:a", "ANALYZER_BASE_URL": "https://a.example"}, "unset it"),
        ({"ANALYZER_FALLBACK": "google"}, "ANALYZER_FALLBACK must be offline"),
        ({"ANALYZER": "openai:a", "OPENAI_API_KEY": "k", "ANALYZER_TIMEOUT": 0.0}, "above 0"),
    ],
)
def test_settings_that_make_no_sense_are_told_in_one_sentence(
    settings: Any, changes: dict[str, Any], sentence: str
) -> None:
    settings.OPENAI_API_KEY = settings.GOOGLE_API_KEY = ""
    for name, value in changes.items():
        setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        configured_analyzer()
    assert [one.id for one in check_analyzer(None)] == ["analysis.E001"]


@pytest.mark.bad_input(120)
def test_a_name_that_means_this_machine_stops_the_start(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name service is no part of convoai, so it is answered for here."""
    monkeypatch.setattr("convoai.analysis.checks.resolve", lambda endpoint: ["127.0.0.1"])
    settings.ANALYZER = "openai:a-model"
    settings.ANALYZER_BASE_URL = "https://model.example.com/v1"
    assert [one.id for one in check_analyzer(None)] == ["analysis.E002"]


def test_a_key_is_not_shown_with_its_provider(settings: Any) -> None:
    settings.ANALYZER = "openai:a-model"
    settings.OPENAI_API_KEY = "very-secret"
    analyzer = configured_analyzer()
    assert isinstance(analyzer, ModelAnalyzer)
    assert "very-secret" not in repr(analyzer.provider)
