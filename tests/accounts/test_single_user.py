"""SINGLE_USER: requests without credentials act as one user, from this machine only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from convoai.accounts.models import User
from tests.accounts.clients import ME, code_of, key_client, me
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def single_user_mode() -> Iterator[None]:
    with override_settings(
        SINGLE_USER="Alice@example.org",
        SINGLE_USER_CONFIRMED=True,
        CORS_ALLOWED_ORIGINS=["http://localhost:3000"],
    ):
        yield


def test_a_local_request_without_credentials_acts_as_the_user(alice: User) -> None:
    assert me().json()["id"] == alice.pk
    assert me(REMOTE_ADDR="::1").status_code == 200
    assert me(REMOTE_ADDR="::ffff:127.0.0.1").status_code == 200


def test_the_user_is_read_with_one_query(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        me()


@pytest.mark.parametrize(
    "address", ["192.168.1.7", "10.0.0.1", "2001:db8::1", "", "unix:", "0.0.0.0"]
)
def test_a_request_from_elsewhere_gets_401(alice: User, address: str) -> None:
    assert me(REMOTE_ADDR=address).status_code == 401


@pytest.mark.bad_input(83)
@pytest.mark.parametrize(
    "header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_HOST"]
)
def test_a_forwarded_request_gets_401(alice: User, header: str) -> None:
    assert me(**{header: "127.0.0.1"}).status_code == 401


@pytest.mark.bad_input(91)
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 200),
        ("http://testserver", 200),
        ("https://evil.example", 401),
        ("http://localhost:3001", 401),
        ("http://localhost:3000.evil.example", 401),
        ("https://testserver", 401),
        ("null", 401),
        ("", 401),
    ],
)
def test_only_allowed_and_own_origins_act_as_the_user(
    alice: User, origin: str, status: int
) -> None:
    assert me(HTTP_ORIGIN=origin).status_code == status


def test_a_foreign_page_without_origin_gets_401(alice: User) -> None:
    assert me(HTTP_SEC_FETCH_SITE="cross-site").status_code == 401
    assert me(HTTP_SEC_FETCH_SITE="same-origin").status_code == 200
    # A page on localhost:3000 that calls 127.0.0.1:8000 is cross-site, but allowed by name.
    allowed = me(HTTP_SEC_FETCH_SITE="cross-site", HTTP_ORIGIN="http://localhost:3000")
    assert allowed.status_code == 200


@override_settings(ALLOWED_HOSTS=["*"])
def test_a_foreign_name_that_points_here_gets_401(alice: User) -> None:
    assert me(HTTP_HOST="rebound.example:8000").status_code == 401
    assert me(HTTP_HOST="localhost:8000").status_code == 200
    assert me(HTTP_HOST="[::1]:8000").status_code == 200


def test_wrong_credentials_do_not_fall_back_to_the_user(alice: User) -> None:
    for header in ("Bearer nonsense", "Bearer 0123456789abcdef01", "Basic YTpi", "x"):
        assert me(HTTP_AUTHORIZATION=header).status_code == 401


def test_credentials_win(alice: User, bob: User) -> None:
    assert key_client(bob).get(ME).json()["id"] == bob.pk
    browser = APIClient()
    browser.force_login(bob)
    assert browser.get(ME).json()["id"] == bob.pk


def test_writing_needs_no_csrf_token(alice: User) -> None:
    frontend = APIClient(enforce_csrf_checks=True)
    assert frontend.post("/api/auth/keys", {"name": "x"}).status_code == 201
    foreign = frontend.post("/api/auth/keys", {"name": "x"}, HTTP_ORIGIN="https://evil.example")
    assert foreign.status_code == 401


def test_a_missing_user_is_named_with_the_command_to_run() -> None:
    answer = me()
    assert answer.status_code == 401
    assert code_of(answer) == "single_user_missing"
    assert "manage.py create_user" in answer.json()["detail"]


def test_a_switched_off_user_gets_401() -> None:
    make_user(is_active=False)
    assert code_of(me()) == "single_user_inactive"


@pytest.mark.bad_input(78)
def test_it_is_off_without_debug_unless_confirmed(alice: User, settings: Any) -> None:
    settings.SINGLE_USER_CONFIRMED = False
    assert me().status_code == 401
    settings.DEBUG = True
    assert me().status_code == 200


def test_one_variable_turns_it_off(alice: User, settings: Any) -> None:
    settings.SINGLE_USER = ""
    assert me().status_code == 401


@pytest.mark.bad_input(71)
def test_user_id_in_the_request_changes_nothing(alice: User, bob: User) -> None:
    assert APIClient().get(f"{ME}?user_id={bob.pk}").json()["id"] == alice.pk
