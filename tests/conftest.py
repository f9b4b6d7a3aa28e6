"""What all tests share: the cast and their clients."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker
from rest_framework.test import APIClient

from convoai.accounts.models import User
from convoai.api.errors import BAD_VALUE_SENTENCE
from tests.factories import make_user
from tests.layouts import give_wanted_layout, is_wanted_partitioned


class BadValues(logging.Handler):
    """Counts the values that the API let through to a database that refuses them."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += record.getMessage() == BAD_VALUE_SENTENCE


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what has no meaning on partitions, with its reason."""
    if not is_wanted_partitioned():
        return
    for item in items:
        for mark in item.iter_markers("plain_only"):
            item.add_marker(pytest.mark.skip(reason=f"ordinary tables only: {mark.args[0]}"))


@pytest.fixture(scope="session")
def configured_name() -> str:
    """The database that settings name, which tests leave alone."""
    return str(settings.DATABASES["default"]["NAME"])


@pytest.fixture(scope="session")
def django_db_setup(
    configured_name: str, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """The test database, in the layout that TEST_LAYOUT asks for.

    None is made when no test of a run needs it.
    """
    if connection.settings_dict["NAME"] != configured_name:
        with django_db_blocker.unblock():
            give_wanted_layout()


@pytest.fixture(scope="session")
def bad_values() -> Iterator[BadValues]:
    handler = BadValues()
    logging.getLogger("convoai.api").addHandler(handler)
    yield handler
    logging.getLogger("convoai.api").removeHandler(handler)


@pytest.fixture(autouse=True)
def no_bad_value_reaches_the_database(bad_values: BadValues) -> Iterator[None]:
    """Whatever a test sends: what cannot be stored is refused before the database sees it."""
    before = bad_values.count
    yield
    assert bad_values.count == before, "a bad value (SQLSTATE class 22) reached the database"


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
