"""The pages at the root, as a person sees them."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from convoai.accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

PERSON = {"Accept": "text/html,application/xhtml+xml"}


def browser_of(user: User | None = None) -> Client:
    client = Client(headers=PERSON)
    if user:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_welcome_page_says_what_this_is_and_where_to_go() -> None:
    text = browser_of().get("/").content.decode()
    assert "memory for the people you talk with" in text
    for place in ('href="/docs"', 'href="/accounts/login/"', "create_api_key", "/api/auth/login"):
        assert place in text
    assert 'href="/admin/"' not in text, "nobody is signed in"


def test_the_welcome_page_knows_who_is_signed_in() -> None:
    text = browser_of(make_user("alice")).get("/").content.decode()
    assert "alice@example.org" in text
    assert 'href="/admin/"' not in text
    assert "/accounts/login/" not in text
    staff = make_user("olivia", is_staff=True)
    assert 'href="/admin/"' in browser_of(staff).get("/").content.decode()


def test_a_program_gets_data_at_the_root() -> None:
    assert Client().get("/").json()["docs"] == "/docs"


@pytest.mark.bad_input(22)
def test_a_hostile_address_of_a_user_is_escaped() -> None:
    user = make_user("alice")
    User.objects.filter(pk=user.pk).update(email="<script>alert(1)</script>@x")
    assert "<script>alert" not in browser_of(user).get("/").content.decode()


def test_a_missing_page_and_a_forbidden_one_are_pages_for_a_person() -> None:
    answer = browser_of().get("/no/such/page")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    answer = browser_of(make_user("olivia", is_staff=True)).get("/admin/accounts/user/")
    assert answer.status_code == 403
    assert "olivia@example.org" in answer.content.decode()
    assert "application/json" in Client().get("/no/such/page").headers["Content-Type"]


def test_a_form_without_its_token_is_explained() -> None:
    client = Client(enforce_csrf_checks=True, headers=PERSON)
    answer = client.post("/accounts/login/", {"username": "a@b.example", "password": "x"})
    assert answer.status_code == 403
    assert "open for too long" in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/no/such/page"])
def test_pages_bring_everything_from_here(path: str) -> None:
    answer = browser_of().get(path)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    text = answer.content.decode()
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|(src|href)=\"https?://", text)
