"""Outside services of the older backend: the same keys, and the truth that none is in use."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient


@pytest.mark.parametrize(
    ("path", "service", "capabilities"),
    [
        ("search", "gemini_search", ["web_search", "thinking", "streaming"]),
        ("calls", "vapi_calls", ["outbound_calls", "ai_assistant", "transcription"]),
    ],
)
def test_an_outside_service_is_unconfigured(
    api: APIClient, path: str, service: str, capabilities: list[str]
) -> None:
    answer: dict[str, Any] = api.get(f"/api/{path}/health").json()
    assert answer == {
        "status": "unconfigured",
        "service": service,
        "configured": False,
        "capabilities": capabilities,
    }


def test_the_ping_of_calls_answers(api: APIClient) -> None:
    answer = api.get("/api/calls/ping/pong/").json()
    assert answer == {"ping": "pong", "service": "vapi_calls", "status": "active"}
