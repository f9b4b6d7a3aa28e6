"""Rules that hold for every route (section 0 of the contract, with its fixes)."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from convoai.accounts.models import User
from partners.services import set_image
from tests.api.routes import OPEN, Call, all_calls, fill, id_for
from tests.api.shapes import assert_invalid, assert_plain_error, photo
from tests.factories import make_conversation, make_partner

pytestmark = pytest.mark.django_db
CALLS = [call for call in all_calls() if call.route not in OPEN]
ROUTES = sorted({call.route for call in all_calls()})
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def other_form(path: str) -> str:
    """The path with a slash at its end if it has none, and without if it has one."""
    path, mark, query = path.partition("?")
    return f"{path.removesuffix('/') if path.endswith('/') else f'{path}/'}{mark}{query}"


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_both_slash_forms_answer_without_redirect(call: Call, api: APIClient, alice: User) -> None:
    partner = fill(alice)
    set_image(partner=partner, data=photo().read())
    answer = call.send(api, other_form(call.path(id_for(call, alice))), partner.pk)
    assert answer.status_code in (200, 201, 202, 204), answer.getvalue()
    assert "Location" not in answer or answer.status_code == 202
    assert answer.getvalue() or answer.status_code == 204


@pytest.mark.parametrize(
    "path", ["/health", "/health/live", "/openapi.json", "/docs", "/redoc", "/api/auth/login"]
)
def test_routes_outside_the_rooms_have_both_forms_too(nobody: APIClient, path: str) -> None:
    method = "post" if path == "/api/auth/login" else "get"
    answers = [getattr(nobody, method)(form) for form in (path, f"{path}/")]
    assert answers[0].status_code == answers[1].status_code in (200, 422)


def test_a_query_survives_the_other_slash_form(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    make_conversation(partner)
    make_conversation(make_partner(alice, "Eda"))
    for path in ("/api/conversations", "/api/conversations/"):
        assert len(api.get(f"{path}?partner_id={partner.pk}").json()) == 1


def test_the_root_says_what_this_is(nobody: APIClient) -> None:
    assert nobody.get("/").json() == {
        "message": "AI Conversation Assistant API",
        "version": "1.0.0",
        "docs": "/docs",
    }


def test_health_does_not_touch_the_database(
    nobody: APIClient, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        for path in ("/health", "/health/", "/health/live"):
            answer = nobody.get(path)
            assert (answer.status_code, answer.json()) == (200, {"status": "healthy"})


def test_ready_looks_at_database_extension_migrations_and_disk(nobody: APIClient) -> None:
    answer = nobody.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"disk": "ok", "database": "ok", "extension": "ok", "migrations": "ok"},
    }


@pytest.mark.parametrize(
    "path", ["/api/", "/api/nothing", "/nothing/", "/api/partners/1/nothing", "/api/v9/partners"]
)
@pytest.mark.parametrize("method", sorted(METHODS))
def test_an_unknown_path_is_404_as_json(nobody: APIClient, path: str, method: str) -> None:
    assert_plain_error(getattr(nobody, method)(path), 404, "Not Found")


@pytest.mark.bad_input(36)
@pytest.mark.parametrize("pk", ["abc", "1.5", "-1", "null", "%00", "１", "%F0%9F%A6%89", "1e3"])
def test_a_number_in_the_path_that_is_none_is_404(api: APIClient, pk: str) -> None:
    for start in ("partners", "conversations", "messages", "facts"):
        assert_plain_error(api.get(f"/api/{start}/{pk}"), 404, "Not Found")


@pytest.mark.bad_input(36)
@pytest.mark.parametrize("pk", [0, 2**63 - 1, 2**63, 10**23])
def test_a_number_that_no_row_can_have_is_404(api: APIClient, pk: int) -> None:
    assert_plain_error(api.get(f"/api/partners/{pk}"), 404, "Partner not found")
    assert_plain_error(api.get(f"/api/conversations/{pk}"), 404, "Conversation not found")
    assert_plain_error(api.get(f"/api/messages/{pk}"), 404, "Message not found")
    assert_plain_error(api.get(f"/api/facts/{pk}"), 404, "Fact not found")


@pytest.mark.parametrize("route", ROUTES)
def test_a_method_that_a_route_has_not_is_405(route: str, api: APIClient, alice: User) -> None:
    calls = [call for call in all_calls() if call.route == route]
    for method in METHODS - {call.method for call in calls} | {"trace", "options"}:
        answer = getattr(api, method)(calls[0].path(1))
        assert_plain_error(answer, 405, "Method Not Allowed")
        offered = set(answer["Allow"].lower().split(", "))
        assert {call.method for call in calls} <= offered | {"options"}


def test_broken_json_is_422_at_the_place_where_it_breaks(api: APIClient) -> None:
    body = '{"name": "Dana",}'
    answer = api.post("/api/partners", body, content_type="application/json")
    assert_invalid(answer, "body", 16, kind="json_invalid")


def test_an_empty_body_is_422(api: APIClient) -> None:
    for path in ("/api/partners", "/api/conversations", "/api/facts"):
        answer = api.post(path, "", content_type="application/json")
        assert_invalid(answer, "body", kind="empty_body")


def test_another_media_type_is_415(api: APIClient) -> None:
    answer = api.post("/api/partners", "name=Dana", content_type="text/plain")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_wrong_values_are_never_repeated(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    secret = "secret-words-of-a-talk"
    for answer in (
        api.post("/api/partners", {"name": [secret]}),
        api.post(
            "/api/conversations",
            {"partner_id": partner.pk, "messages": [{"sender": secret, "content": secret}]},
        ),
        api.get(f"/api/conversations?since={secret}"),
        api.get(f"/api/conversations?ordering={secret}"),
        api.get(f"/api/facts?cursor={secret}"),
    ):
        assert answer.status_code == 422
        assert secret not in answer.content.decode()


def test_every_answer_carries_the_id_that_the_log_names(api: APIClient) -> None:
    sent = "0123456789abcdef0123456789abcdef"
    answer = api.get("/api/partners/999999999", headers={"X-Request-ID": sent})
    assert answer["X-Request-ID"] == answer.json()["request_id"] == sent
    assert len(api.get("/api/partners")["X-Request-ID"]) == 32


def test_head_answers_like_get_without_a_body(api: APIClient, alice: User) -> None:
    make_partner(alice)
    answer = api.head("/api/partners")
    assert (answer.status_code, answer["X-Total-Count"]) == (200, "1")
