"""The OpenAPI document fits the code, and its pages work without a network."""

from __future__ import annotations

import re
from typing import Any

import pytest
import schemathesis
from django.contrib.staticfiles import finders
from jsonschema_rs import validator_for
from rest_framework.test import APIClient

from tests.api.routes import Call, all_calls

CALLS = all_calls()
HTTP_METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    answer = APIClient().get("/openapi.json")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def operation(document: dict[str, Any], call: Call) -> dict[str, Any]:
    path = "/" + call.route.replace("<int:pk>", "{id}")
    found: dict[str, Any] = document["paths"][path][call.method]
    return found


def test_it_is_openapi_3_1_with_the_agreed_title(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "AI Conversation Assistant API"
    assert document["info"]["version"] == "1.0.0"


def test_it_is_a_valid_document(document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()


def test_every_schema_in_it_is_valid(document: dict[str, Any]) -> None:
    """OpenAPI 3.1 schemas are JSON Schema 2020-12; compiling them resolves every reference."""
    for name in document["components"]["schemas"]:
        reference = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        validator_for(reference)


def test_every_route_and_method_is_described(document: dict[str, Any]) -> None:
    described = {
        (method, path)
        for path, methods in document["paths"].items()
        for method in methods
        if method in HTTP_METHODS and path.startswith("/api/")
    }
    ours = {(call.method, "/" + call.route.replace("<int:pk>", "{id}")) for call in CALLS}
    assert described == ours


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_each_operation_names_its_answers(document: dict[str, Any], call: Call) -> None:
    found = operation(document, call)
    assert found["operationId"]
    answers = set(found["responses"])
    assert answers & {"200", "201", "204"}
    assert "422" in answers
    if "auth/login" not in call.route:
        assert found["security"]
        assert "401" in answers
    if call.has_id:
        assert "404" in answers


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [
        found["operationId"]
        for methods in document["paths"].values()
        for method, found in methods.items()
        if method in HTTP_METHODS
    ]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_the_pages_load_local_files_only(nobody: APIClient, page: str) -> None:
    answer = nobody.get(page, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    html = answer.content.decode()
    named = re.findall(r'<(?:script|link|img)\b[^>]*?(?:src|href)="([^"]+)"', html)
    loaded = [address for address in named if not address.startswith("data:")]
    assert loaded
    for address in loaded:
        assert re.match("/[^/]", address), address
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
    assert "cdn" not in html.lower()
    # Everything stands in files, as the content security policy wants it.
    assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", html)
    assert not re.findall(r"<style|\bon\w+=", html)
    assert "default-src 'self'" in answer["Content-Security-Policy"]
