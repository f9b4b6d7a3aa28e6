"""A provider of our own, and convoai set to ask it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.analysis.provider import ProviderServer, provider_server


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    with provider_server() as running:
        yield running


@pytest.fixture
def by_model(server: ProviderServer, settings: Any) -> ProviderServer:
    """The server, set as the analyzer of this installation."""
    settings.ANALYZER = "openai:test-model"
    settings.ANALYZER_BASE_URL = server.url
    settings.ANALYZER_ALLOWED_HOSTS = [server.host]
    return server
