"""The pages for signing in and out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from convoai.accounts.models import User
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

PAGE = "/accounts/login/"


def post(client: Client, email: str, password: str, **fields: str) -> Any:
    return client.post(PAGE, {"username": email, "password": password, **fields})


def test_the_page_asks_for_address_and_password() -> None:
    page = Client().get(PAGE)
    text = page.content.decode()
    assert page.status_code == 200
    assert 'type="email"' in text
    assert 'autocomplete="current-password"' in text
    assert text.count("<label") == 2
    assert '<html lang="en">' in text


@pytest.mark.parametrize("path", [PAGE, "/accounts/logout/"])
def test_pages_hold_under_the_content_security_policy(path: str) -> None:
    page = Client().get(path)
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    text = page.content.decode()
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://", text)


def test_signing_in_and_out() -> None:
    make_user(password=PASSWORD)
    browser = Client()
    answer = post(browser, "Alice@EXAMPLE.org", PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert "Sign out?" in browser.get("/accounts/logout/").content.decode()
    assert browser.get("/api/auth/me").status_code == 200, "asking is not signing out"
    assert browser.post("/accounts/logout/").status_code == 302
    assert browser.get("/api/auth/me").status_code == 401
    assert "signed out" in browser.get("/accounts/logout/").content.decode()


def test_staff_go_on_to_the_admin() -> None:
    make_user(password=PASSWORD, is_staff=True)
    assert post(Client(), "alice@example.org", PASSWORD).headers["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("asked", "given"),
    [("/docs", "/docs"), ("https://evil.example/", "/"), ("//evil.example", "/")],
)
def test_it_goes_on_to_pages_of_this_site_only(asked: str, given: str) -> None:
    make_user(password=PASSWORD)
    answer = post(Client(), "alice@example.org", PASSWORD, next=asked)
    assert answer.headers["Location"] == given


@pytest.mark.bad_input(85)
def test_unknown_address_and_wrong_password_read_alike() -> None:
    make_user(password=PASSWORD)
    texts = set()
    for email in ("alice@example.org", "nobody@example.org"):
        page = post(Client(), email, "wrong")
        assert page.status_code == 200
        problems = re.findall(r'class="problem"[^>]*>([^<]*)', page.content.decode())
        texts.add(tuple(problems))
    assert texts == {("Wrong e-mail address or password.",)}


@pytest.mark.bad_input(88)
@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("alice@example.org", "nul\x00"),
        ("nul\x00@example.org", "x"),
        ("alice@example.org", "x" * 2000),
        ("alice@example.org", "\udc80".encode("utf-8", "surrogatepass").decode("latin-1")),
        ("not an address", "x"),
        ("", ""),
        ("a" * 300 + "@example.org", "x"),
    ],
)
def test_hostile_input_shows_the_form_again(email: str, password: str) -> None:
    make_user(password=PASSWORD)
    assert post(Client(), email, password).status_code == 200


def test_the_password_is_not_trimmed() -> None:
    make_user(password=f" {PASSWORD} ")
    assert post(Client(), "alice@example.org", PASSWORD).status_code == 200
    assert post(Client(), "alice@example.org", f" {PASSWORD} ").status_code == 302


def test_signing_in_needs_the_csrf_token() -> None:
    make_user(password=PASSWORD)
    assert post(Client(enforce_csrf_checks=True), "alice@example.org", PASSWORD).status_code == 403


def test_a_session_writes_over_the_api_only_with_the_csrf_token() -> None:
    user: User = make_user(password=PASSWORD)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    body = {"name": "from the page"}
    refused = browser.post("/api/auth/keys", body, content_type="application/json")
    assert refused.status_code == 403
    browser.get(PAGE)
    token = browser.cookies["csrftoken"].value
    made = browser.post(
        "/api/auth/keys", body, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert made.status_code == 201
