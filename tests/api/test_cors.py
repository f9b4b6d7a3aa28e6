"""Existing frontends run on other origins: every answer must be readable there, and only there."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from convoai.urls import (  # noqa: F401 - the handlers of the product, for the URLconf below
    handler400,
    handler403,
    handler404,
    handler500,
)
from tests.api.shapes import assert_plain_error

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
ORIGIN = "http://localhost:3000"
OURS = [f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 5173)]
FOREIGN = ["http://evil.example", "null", "http://localhost:3001", "https://localhost:3000"]


SECRET = "secret words of a talk"


class BrokenView(APIView):
    permission_classes: list[Any] = []

    def get(self, request: Request) -> Response:
        raise RuntimeError(SECRET)


def broken_page(request: HttpRequest) -> Any:
    raise RuntimeError(SECRET)


urlpatterns = [
    path("api/broken", BrokenView.as_view()),
    path("broken", broken_page),
    path("", include("convoai.urls")),
]


def ask(client: APIClient, method: str, path: str, *args: Any, **kwargs: Any) -> Any:
    kwargs.setdefault("headers", {})["Origin"] = ORIGIN
    return getattr(client, method)(path, *args, **kwargs)


def assert_readable(answer: Any) -> None:
    """A browser lets the frontend read the answer and the headers it needs."""
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert answer["Access-Control-Allow-Credentials"] == "true"
    exposed = answer["Access-Control-Expose-Headers"].lower()
    for header in ("etag", "link", "x-total-count", "x-request-id", "retry-after"):
        assert header in exposed
    assert "Origin" in answer.get("Vary", "").title()


@pytest.mark.parametrize("origin", OURS)
def test_the_origins_of_existing_frontends_may_read(api: APIClient, origin: str) -> None:
    answer = api.get("/api/partners", headers={"Origin": origin})
    assert answer["Access-Control-Allow-Origin"] == origin


@pytest.mark.bad_input(91)
@pytest.mark.parametrize("origin", FOREIGN)
def test_foreign_origins_may_not(api: APIClient, origin: str) -> None:
    for answer in (
        api.get("/api/partners", headers={"Origin": origin}),
        api.options(
            "/api/partners", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
        ),
        api.get("/api/nothing", headers={"Origin": origin}),
    ):
        assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_preflights_are_answered_for_every_method_without_credentials(
    nobody: APIClient, method: str
) -> None:
    answer = ask(
        nobody,
        "options",
        "/api/partners",
        headers={
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "content-type,authorization,if-match,idempotency-key",
        },
    )
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert method in answer["Access-Control-Allow-Methods"]
    for header in ("content-type", "authorization", "if-match", "idempotency-key"):
        assert header in answer["Access-Control-Allow-Headers"]
    assert answer["Access-Control-Max-Age"] == "600"


def test_success_is_readable(api: APIClient) -> None:
    for form in ("/api/partners", "/api/partners/"):
        assert_readable(ask(api, "get", form))


def test_errors_are_readable(api: APIClient, nobody: APIClient) -> None:
    big = b'{"name": "' + b"x" * 1_100_000 + b'"}'
    answers = {
        401: ask(nobody, "get", "/api/partners"),
        404: ask(api, "get", "/api/nothing"),
        405: ask(api, "delete", "/api/partners"),
        413: ask(api, "post", "/api/partners", big, content_type="application/json"),
        415: ask(api, "post", "/api/partners", "x", content_type="text/plain"),
        422: ask(api, "post", "/api/partners", {}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer["Content-Type"] == "application/json"
        assert_readable(answer)
    assert_readable(ask(api, "get", "/api/partners/999999999"))


@pytest.mark.parametrize("path", ["/api/broken", "/broken"])
def test_a_failure_is_readable_and_tells_nothing(
    nobody: APIClient, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    nobody.raise_request_exception = False
    answer = ask(nobody, "get", path)
    assert_readable(answer)
    body = answer.json()
    assert_plain_error(answer, 500, body["detail"])
    assert body["code"] == "internal"
    assert SECRET not in answer.content.decode()
    assert "RuntimeError" in caplog.text
    assert SECRET not in caplog.text
