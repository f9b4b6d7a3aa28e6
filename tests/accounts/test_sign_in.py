"""POST /api/auth/login and what follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from rest_framework.test import APIClient

from convoai.accounts.models import ApiKey, User
from tests.accounts.clients import LOGIN, ME, bearer, code_of, key_client, me, sign_in
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def problem_types(response: Any) -> list[str]:
    assert response.status_code == 422
    return [problem["type"] for problem in response.json()["detail"]]


def test_sign_in_gives_a_key_that_works() -> None:
    user = make_user(password=PASSWORD)
    answer = sign_in("alice@example.org")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert set(body) == {"token", "expiry", "user"}
    assert body["user"]["id"] == user.pk
    assert body["user"]["email"] == "alice@example.org"
    assert "password" not in body["user"]
    expiry = datetime.fromisoformat(body["expiry"])
    assert timedelta(days=89) < expiry - timezone.now() <= timedelta(days=90)
    assert bearer(body["token"]).get(ME).json()["id"] == user.pk


def test_the_case_of_the_address_does_not_matter() -> None:
    make_user(password=PASSWORD)
    assert sign_in("  ALICE@Example.ORG ").status_code == 200


def test_sign_in_notes_the_time() -> None:
    user = make_user(password=PASSWORD)
    sign_in(user.email)
    user.refresh_from_db()
    assert user.last_login is not None
    assert user.updated_at is None, "signing in is no change of the account"


def test_the_key_is_stored_as_a_hash_only() -> None:
    make_user(password=PASSWORD)
    token = sign_in("alice@example.org").json()["token"]
    key = ApiKey.objects.get()
    assert token not in (key.digest, key.token_key)
    assert token.startswith(key.token_key)
    assert len(key.token_key) < len(token) / 3


@pytest.mark.bad_input(85)
def test_unknown_address_and_wrong_password_look_alike() -> None:
    make_user(password=PASSWORD)
    wrong, unknown = sign_in("alice@example.org", "wrong"), sign_in("nobody@example.org", "wrong")
    switched_off = make_user("off", password=PASSWORD, is_active=False)
    off = sign_in(switched_off.email)
    for answer in (wrong, unknown, off):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert code_of(answer) == "wrong_credentials"
        assert answer.json()["detail"] == wrong.json()["detail"]


@pytest.mark.bad_input(85)
def test_unknown_address_costs_as_many_hashes_as_a_wrong_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counted, since time on a busy machine proves nothing."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    make_user(password=PASSWORD)
    hashed: list[str] = []
    encode, verify = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify

    def counted_encode(self: Any, password: str, salt: str) -> str:
        hashed.append("encode")
        return encode(self, password, salt)

    def counted_verify(self: Any, password: str, encoded: str) -> bool:
        hashed.append("verify")
        return verify(self, password, encoded)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", counted_encode)
    monkeypatch.setattr(Argon2PasswordHasher, "verify", counted_verify)
    sign_in("alice@example.org", "wrong")
    known = len(hashed)
    sign_in("nobody@example.org", "wrong")
    assert known == 1
    assert len(hashed) == 2


@pytest.mark.bad_input(88)
def test_hostile_passwords_are_refused_and_never_an_error() -> None:
    make_user(password=PASSWORD)
    address = "alice@example.org"
    assert problem_types(sign_in(address, "x" * 1025)) == ["string_too_long"]
    assert problem_types(sign_in(address, "x" * 500_000)) == ["string_too_long"]
    assert problem_types(sign_in(address, "nul\x00")) == ["nul_character"]
    surrogate = APIClient().post(
        LOGIN,
        '{"email": "alice@example.org", "password": "\\ud800"}',
        content_type="application/json",
    )
    assert problem_types(surrogate) == ["lone_surrogate"]
    for other in (None, 5, True, ["a"], {"a": 1}, ""):
        answer = sign_in(address, other)
        assert answer.status_code == 422, other
    assert sign_in(address, f" {PASSWORD}").status_code == 401, "nothing is trimmed"


@pytest.mark.bad_input(88)
@pytest.mark.parametrize("password", ["🗝️ ключ 鍵 " * 3, " leading and trailing ", "x" * 1024])
def test_unusual_passwords_are_matched_exactly(password: str) -> None:
    make_user(password=password)
    assert sign_in("alice@example.org", password).status_code == 200


def test_no_answer_repeats_the_password() -> None:
    make_user(password=PASSWORD)
    secret = "hunter2-" * 200
    assert b"hunter2" not in sign_in("alice@example.org", secret).content
    assert b"hunter2" not in sign_in("alice@example.org", "hunter2").content


@pytest.mark.bad_input(18)
def test_an_unknown_field_of_a_sign_in_is_named() -> None:
    body = {"email": "a@example.org", "password": "x", "is_staff": True}
    assert problem_types(APIClient().post(LOGIN, body)) == ["unknown_field"]


def test_a_stale_key_does_not_keep_anyone_from_signing_in() -> None:
    make_user(password=PASSWORD)
    answer = sign_in("alice@example.org", HTTP_AUTHORIZATION="Bearer long-gone")
    assert answer.status_code == 200


# Imported passwords


@pytest.mark.bad_input(86)
def test_an_imported_bcrypt_password_works_and_is_upgraded() -> None:
    user = make_user()
    User.objects.filter(pk=user.pk).update(password=bcrypt_hash("old password"))
    assert sign_in(user.email, "not it").status_code == 401
    assert sign_in(user.email, "old password").status_code == 200
    user.refresh_from_db()
    assert user.password.startswith("argon2$")
    assert sign_in(user.email, "old password").status_code == 200


@pytest.mark.bad_input(86)
def test_an_imported_password_of_more_than_72_bytes_works_as_it_did() -> None:
    user = make_user()
    long = "ü" * 50
    User.objects.filter(pk=user.pk).update(password=bcrypt_hash(long))
    assert sign_in(user.email, "u" * 100).status_code == 401
    assert sign_in(user.email, long).status_code == 200
    # From now on every character counts.
    assert sign_in(user.email, long[:-1]).status_code == 401


@pytest.mark.bad_input(86, 87)
@pytest.mark.parametrize(
    "stored",
    [
        "bcrypt$$2b$12$short",
        "bcrypt$$2b$12",
        "bcrypt$",
        "$2b$12$abcdefghijklmnopqrstuv",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$cut",
        "argon2$",
        "auto-generated",
        "",
        "!",
    ],
)
def test_a_broken_stored_password_fits_nothing(stored: str) -> None:
    user = make_user()
    User.objects.filter(pk=user.pk).update(password=stored)
    for typed in ("x", "auto-generated", "!"):
        assert sign_in(user.email, typed).status_code == 401


def bcrypt_hash(password: str) -> str:
    """As the older backend wrote it, with Django's prefix; few rounds to save time."""
    import bcrypt

    hashed: bytes = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4))
    assert make_password(None).startswith("!")
    return f"bcrypt${hashed.decode()}"


# Signing out


def test_sign_out_revokes_the_key_used_and_no_other() -> None:
    alice = make_user()
    phone, laptop = key_client(alice), key_client(alice)
    assert phone.post("/api/auth/logout").status_code == 204
    assert phone.get(ME).status_code == 401
    assert laptop.get(ME).status_code == 200


def test_sign_out_everywhere_revokes_all_keys_of_this_user() -> None:
    alice, bob = make_user(), make_user("bob")
    phone, laptop, bobs = key_client(alice), key_client(alice), key_client(bob)
    assert phone.post("/api/auth/logout-all").status_code == 204
    assert phone.get(ME).status_code == laptop.get(ME).status_code == 401
    assert bobs.get(ME).status_code == 200


def test_sign_out_ends_a_browser_session() -> None:
    browser = APIClient()
    browser.force_login(make_user())
    assert browser.post("/api/auth/logout").status_code == 204
    assert browser.get(ME).status_code == 401


@pytest.mark.bad_input(79)
def test_nobody_gets_401() -> None:
    for method, path in (
        ("get", ME),
        ("get", "/api/auth/keys"),
        ("post", "/api/auth/keys"),
        ("delete", "/api/auth/keys/1"),
        ("post", "/api/auth/logout"),
        ("post", "/api/auth/logout-all"),
    ):
        answer = getattr(APIClient(), method)(path)
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert code_of(answer) == "not_authenticated"


def test_both_slash_forms_work() -> None:
    make_user(password=PASSWORD)
    body = {"email": "alice@example.org", "password": PASSWORD}
    assert APIClient().post(f"{LOGIN}/", body).status_code == 200
    assert me().status_code == APIClient().get(f"{ME}/").status_code == 401
