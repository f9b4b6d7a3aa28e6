"""A replica for all tests of this folder, and the cast as it is stored on its primary."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from convoai.accounts.models import User
from convoai.accounts.services import create_api_key
from convoai.database.replica.watch import watch
from tests.database.replica.pairs import Pair, streaming_pair, working_with
from tests.factories import make_user

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def servers(django_db_blocker: Any) -> Iterator[Pair]:
    with django_db_blocker.unblock(), streaming_pair() as pair:
        yield pair


@pytest.fixture
def pair(servers: Pair, django_db_blocker: Any, settings: Any, tmp_path: Path) -> Iterator[Pair]:
    """Django works with the two; what tests write there stays, so each makes people of its own."""
    settings.MEDIA_ROOT = tmp_path
    url = servers.replica.url
    with django_db_blocker.unblock(), working_with(servers.primary.url, url):
        yield servers
        if not servers.replica.is_running:
            servers.replica.start()
        servers.resume()


@pytest.fixture
def alice(pair: Pair) -> User:
    return make_user(f"alice{next(_numbers)}")


@pytest.fixture
def bob(pair: Pair) -> User:
    return make_user(f"bob{next(_numbers)}")


@pytest.fixture
def client_of() -> Callable[[User], APIClient]:
    """A client with a key, as a program has one."""

    def make(user: User) -> APIClient:
        client = APIClient()
        _, key = create_api_key(user=user, name="test")
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        return client

    return make


@pytest.fixture
def another_process() -> Callable[[], None]:
    """From now on the requests are answered as by a process that has just started."""
    return watch.forget
