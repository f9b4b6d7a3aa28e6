"""Keys: created, listed and revoked by their owner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from convoai.accounts.models import ApiKey, User
from convoai.accounts.services import create_api_key
from tests.accounts.clients import KEYS, ME, bearer, code_of, key_client, me

pytestmark = pytest.mark.django_db


def test_a_new_key_is_shown_once_and_works(api: APIClient) -> None:
    answer = api.post(KEYS, {"name": "Backup script"})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    created = answer.json()
    assert created["name"] == "Backup script"
    assert created["expiry"] is None
    assert bearer(created["token"]).get(ME).status_code == 200
    listed = api.get(KEYS).json()
    assert [key["id"] for key in listed] == [created["id"]]
    assert "token" not in listed[0]
    assert created["token"].startswith(listed[0]["begins_with"])


def test_a_key_can_expire(api: APIClient) -> None:
    created = api.post(KEYS, {"name": "Trial", "expires_in_days": 2}).json()
    key = ApiKey.objects.get(pk=created["id"])
    assert key.expiry is not None
    assert timedelta(days=1) < key.expiry - timezone.now() < timedelta(days=3)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 101},
        {"name": 5},
        {"name": "a\x00b"},
        {"name": "x", "expires_in_days": 0},
        {"name": "x", "expires_in_days": 10**20},
        {"name": "x", "expires_in_days": True},
        {"name": "x", "user": 1},
        [],
        None,
    ],
)
def test_a_bad_request_for_a_key_stores_nothing(api: APIClient, body: Any) -> None:
    assert api.post(KEYS, body, format="json").status_code == 422
    assert not ApiKey.objects.exists()


def test_the_list_marks_the_key_in_use(alice: User) -> None:
    create_api_key(user=alice, name="other")
    listed = key_client(alice).get(KEYS).json()
    assert [key["is_current"] for key in listed] == [True, False]


def test_expired_keys_are_not_listed(api: APIClient, alice: User) -> None:
    key, _ = create_api_key(user=alice, name="old", lifetime=timedelta(days=1))
    expire(key)
    assert api.get(KEYS).json() == []


def test_a_revoked_key_is_refused(api: APIClient, alice: User) -> None:
    key, token = create_api_key(user=alice, name="lost")
    assert api.delete(f"{KEYS}/{key.pk}").status_code == 204
    answer = bearer(token).get(ME)
    assert answer.status_code == 401
    assert code_of(answer) == "invalid_key"


@pytest.mark.bad_input(64)
def test_stranger_gets_404_for_a_key_of_alice(alice: User, bobs_api: APIClient) -> None:
    key, token = create_api_key(user=alice, name="hers")
    answer, missing = bobs_api.delete(f"{KEYS}/{key.pk}"), bobs_api.delete(f"{KEYS}/999999")
    assert answer.status_code == missing.status_code == 404
    assert answer.json()["detail"] == missing.json()["detail"]
    assert bobs_api.get(KEYS).json() == []
    assert bearer(token).get(ME).status_code == 200


@pytest.mark.bad_input(36)
@pytest.mark.parametrize("pk", ["0", "-1", str(2**63 - 1), str(2**63), "9" * 23, "abc", "１"])
def test_impossible_key_numbers_are_404(api: APIClient, pk: str) -> None:
    assert api.delete(f"{KEYS}/{pk}").status_code == 404


@pytest.mark.bad_input(81)
def test_an_expired_key_is_refused_and_removed(alice: User) -> None:
    key, token = create_api_key(user=alice, lifetime=timedelta(days=1))
    other, _ = create_api_key(user=alice)
    expire(key)
    answer = bearer(token).get(ME)
    assert answer.status_code == 401
    assert code_of(answer) == "expired_key"
    assert list(ApiKey.objects.all()) == [other]


@pytest.mark.bad_input(80)
@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Token",
        "Token a b",
        "Bearer a b",
        "Bearer " + "x" * 10_000,
        "Bearer k\xe9y",
        "Bearer nul\x00nul",
        "Bearer '; DROP TABLE users; --",
        "Bearer 0123456789abcdef0123456789abcdef",
        "Basic YWxpY2U6eA==",
        "Digest x",
    ],
)
def test_a_junk_key_gets_401(header: str) -> None:
    answer = me(HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token", "TOKEN"])
def test_both_schemes_are_understood(alice: User, scheme: str) -> None:
    _, token = create_api_key(user=alice)
    assert me(HTTP_AUTHORIZATION=f"{scheme} {token}").status_code == 200


@pytest.mark.bad_input(81)
@pytest.mark.parametrize("name", ["token", "access_token", "api_key"])
def test_a_key_in_the_address_gets_400(alice: User, name: str) -> None:
    _, token = create_api_key(user=alice)
    for client, path in ((APIClient(), ME), (bearer(token), ME), (bearer(token), KEYS)):
        answer = client.get(f"{path}?{name}={token}")
        assert answer.status_code == 400
        assert code_of(answer) == "token_in_address"
        assert token not in answer.content.decode()


def test_a_key_of_a_switched_off_user_is_refused(alice: User) -> None:
    client = key_client(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert client.get(ME).status_code == 401


def test_a_request_with_a_key_costs_one_query(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = key_client(alice)
    client.get(ME)
    with django_assert_num_queries(1):
        client.get(ME)


def test_the_last_use_is_noted_at_most_once_a_minute(alice: User) -> None:
    key, token = create_api_key(user=alice)
    client = bearer(token)
    client.get(ME)
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    client.get(ME)
    key.refresh_from_db()
    assert key.last_used_at == first
    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    client.get(ME)
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.last_used_at > first


def test_reading_goes_on_when_the_use_cannot_be_noted(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(**_: Any) -> None:
        raise DatabaseError("could not extend file: No space left on device")

    monkeypatch.setattr("convoai.accounts.authentication.note_use", disk_full)
    assert key_client(alice).get(ME).status_code == 200


def test_many_keys_cost_no_more_queries(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = key_client(alice)
    client.get(ME)
    for _ in range(3):
        create_api_key(user=alice)
    with django_assert_num_queries(2):  # the key with its user, the rows
        assert len(client.get(KEYS).json()) == 4


def expire(key: ApiKey) -> None:
    ApiKey.objects.filter(pk=key.pk).update(expiry=timezone.now() - timedelta(seconds=1))
