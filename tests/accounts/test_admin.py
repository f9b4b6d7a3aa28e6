"""Users and keys in the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from convoai.accounts.models import ApiKey, User
from convoai.accounts.services import create_api_key
from tests.accounts.clients import ME, bearer, sign_in
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

USERS = "/admin/accounts/user/"
KEYS = "/admin/accounts/apikey/"


@pytest.fixture
def admin(db: object) -> Client:
    client = Client()
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    return client


def test_only_staff_get_in() -> None:
    browser = Client()
    browser.force_login(make_user())
    assert browser.get(USERS).status_code == 302
    assert Client().get(USERS).status_code == 302


def test_the_admin_sign_in_takes_the_address_whatever_its_case() -> None:
    make_user(password=PASSWORD, is_staff=True)
    fields = {"username": "ALICE@example.org", "password": PASSWORD, "next": "/admin/"}
    answer = Client().post("/admin/login/", fields)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_the_admin_sign_in_refuses_others() -> None:
    make_user(password=PASSWORD)
    fields = {"username": "alice@example.org", "password": PASSWORD}
    assert Client().post("/admin/login/", fields).status_code == 200


@pytest.mark.parametrize("query", ["", "?q=bob", "?q=BOB%40EXAMPLE", "?is_active__exact=1"])
def test_users_are_listed_searched_and_filtered(admin: Client, query: str) -> None:
    make_user("bob")
    assert "bob@example.org" in admin.get(USERS + query).content.decode()


def test_search_finds_nobody_else(admin: Client) -> None:
    make_user("bob")
    make_user("carol")
    text = admin.get(f"{USERS}?q=carol").content.decode()
    assert "bob@example.org" not in text


def test_no_password_hash_is_shown(admin: Client) -> None:
    user = make_user(password=PASSWORD)
    text = admin.get(f"{USERS}{user.pk}/change/").content.decode()
    assert "alice@example.org" in text
    assert "argon2" not in text
    assert "../password/" in text


def test_a_user_is_changed_and_the_password_stays(admin: Client) -> None:
    user = make_user(password=PASSWORD)
    before = user.password
    fields = {"email": "alicia@example.org", "username": "alicia", "is_active": "on"}
    assert admin.post(f"{USERS}{user.pk}/change/", fields).status_code == 302
    user.refresh_from_db()
    assert (user.email, user.password) == ("alicia@example.org", before)


def test_a_taken_address_is_told_and_no_error(admin: Client) -> None:
    user = make_user()
    fields = {"email": "BOSS@example.org", "username": "alice", "is_active": "on"}
    answer = admin.post(f"{USERS}{user.pk}/change/", fields)
    assert answer.status_code == 200
    assert "already a user with this e-mail address" in answer.content.decode()


def test_a_user_is_added_with_a_password(admin: Client) -> None:
    fields = {
        "email": "new@example.org",
        "username": "new",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert admin.post(f"{USERS}add/", fields).status_code == 302
    assert sign_in("new@example.org").status_code == 200


def test_a_password_is_set_in_the_admin(admin: Client) -> None:
    user = make_user()
    path = f"{USERS}{user.pk}/password/"
    assert admin.get(path).status_code == 200
    admin.post(path, {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD})
    assert sign_in(user.email).status_code == 200


def test_a_user_is_deleted_at_once(admin: Client) -> None:
    user = make_user()
    create_api_key(user=user)
    assert admin.post(f"{USERS}{user.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=user.pk).exists()
    assert not ApiKey.objects.exists()


def test_keys_are_listed_and_revoked(admin: Client) -> None:
    user = make_user()
    key, token = create_api_key(user=user, name="Backup")
    text = admin.get(KEYS).content.decode()
    assert "Backup" in text
    assert key.digest not in text
    shown = admin.get(f"{KEYS}{key.pk}/change/").content.decode()
    assert key.digest not in shown
    assert admin.post(f"{KEYS}{key.pk}/delete/", {"post": "yes"}).status_code == 302
    assert bearer(token).get(ME).status_code == 401


def test_keys_are_neither_added_nor_changed_here(admin: Client) -> None:
    key, _ = create_api_key(user=make_user())
    assert admin.get(f"{KEYS}add/").status_code == 403
    assert admin.post(f"{KEYS}{key.pk}/change/", {"name": "x"}).status_code == 403


@pytest.mark.parametrize("path", [USERS, KEYS])
def test_lists_cost_no_more_queries_with_more_rows(
    admin: Client, path: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        create_api_key(user=make_user(f"user{number}"), name=str(number))
    with django_assert_max_num_queries(12):
        assert admin.get(path).status_code == 200
