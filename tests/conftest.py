"""What all tests share: the cast and their clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from convoai.accounts.models import User
from tests.factories import make_user


@pytest.fixture
def alice(db: Any) -> User:
    return make_user("alice")


@pytest.fixture
def bob(db: Any) -> User:
    return make_user("bob")


@pytest.fixture
def client_of() -> Callable[[User], APIClient]:
    """A client that is signed in as the given user."""

    def make(user: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return make


@pytest.fixture
def api(alice: User, client_of: Callable[[User], APIClient]) -> APIClient:
    """Alice's client."""
    return client_of(alice)


@pytest.fixture
def bobs_api(bob: User, client_of: Callable[[User], APIClient]) -> APIClient:
    return client_of(bob)


@pytest.fixture
def nobody() -> APIClient:
    """A client without credentials."""
    return APIClient()
