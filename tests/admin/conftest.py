"""Olivia looks after the house: she may use every page of the admin."""

from __future__ import annotations

import pytest
from django.test import Client

from convoai.accounts.models import User
from tests.factories import make_user


@pytest.fixture
def olivia(db: None) -> User:
    return make_user("olivia", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(olivia: User) -> Client:
    """Olivia's browser. A fault in a page fails the test."""
    return browser_of(olivia)


def browser_of(user: User) -> Client:
    client = Client(headers={"Accept": "text/html"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
