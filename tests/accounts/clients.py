"""How the tests of this room talk to the server."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from convoai.accounts.models import User
from convoai.accounts.services import create_api_key
from tests.factories import PASSWORD

LOGIN = "/api/auth/login"
ME = "/api/auth/me"
KEYS = "/api/auth/keys"


def sign_in(email: str, password: Any = PASSWORD, **headers: Any) -> Any:
    """The answer to a sign-in over the API from a fresh client."""
    return APIClient().post(LOGIN, {"email": email, "password": password}, **headers)


def bearer(token: str) -> APIClient:
    """A client that sends this key."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def key_client(user: User) -> APIClient:
    """A client with a new key of the user."""
    return bearer(create_api_key(user=user, name="test")[1])


def me(**meta: Any) -> Any:
    """The answer to `GET /api/auth/me` with these headers and WSGI variables."""
    return APIClient().get(ME, **meta)


def code_of(response: Any) -> str:
    code: str = response.json()["code"]
    return code
