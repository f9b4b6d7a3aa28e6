"""Asking the search route as a client does."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient


def search(api: APIClient, q: str, **parameters: Any) -> dict[str, Any]:
    """The answer to a search, which must be 200."""
    answer = api.get("/api/search", {"q": q, **parameters})
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def found(api: APIClient, q: str, **parameters: Any) -> list[int]:
    """The numbers of the rows found, best first."""
    return [result["id"] for result in search(api, q, **parameters)["results"]]
