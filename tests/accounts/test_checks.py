"""What must not be on when others can reach the server."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks

from convoai.accounts.checks import demo_password_works
from convoai.accounts.models import User
from tests.factories import make_user

STRONG = "k3y-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2


@pytest.fixture(autouse=True)
def safe(settings: Any) -> None:
    """A server for others as it should be."""
    settings.DEBUG = False
    settings.SINGLE_USER = ""
    settings.SINGLE_USER_CONFIRMED = False
    settings.ALLOWED_HOSTS = ["talk.example.org"]
    settings.SECRET_KEY = STRONG


def found(databases: list[str] | None = None) -> list[str]:
    """The ids of this room's findings; each is one sentence with a hint."""
    messages = [
        message
        for message in run_checks(databases=databases)
        if str(message.id).startswith("accounts.E")
    ]
    for message in messages:
        assert message.msg.count(". ") == 0
        assert message.msg.endswith(".")
        assert message.hint
    return [str(message.id) for message in messages]


def test_a_safe_server_starts() -> None:
    assert found() == []


@pytest.mark.bad_input(78)
def test_single_user_mode_is_refused_without_debug(settings: Any) -> None:
    settings.SINGLE_USER = "test@example.com"
    assert found() == ["accounts.E001"]
    settings.SINGLE_USER_CONFIRMED = True
    assert found() == []


@pytest.mark.bad_input(78)
@pytest.mark.parametrize("hosts", [["*"], ["localhost", "talk.example.org"], [".example.org"]])
def test_debug_is_refused_when_others_can_reach_it(settings: Any, hosts: list[str]) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = hosts
    assert found() == ["accounts.E003"]
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert found() == []


@pytest.mark.bad_input(78)
@pytest.mark.parametrize("key", ["secret", "x" * 80, "django-insecure-" + STRONG, STRONG[:49]])
def test_a_weak_secret_key_is_refused(settings: Any, key: str) -> None:
    settings.SECRET_KEY = key
    assert found() == ["accounts.E004"]
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["localhost"]
    assert found() == [], "on one's own machine it does no harm"


@pytest.mark.bad_input(78)
@pytest.mark.django_db
def test_the_demo_password_is_refused_without_debug(settings: Any) -> None:
    databases = ["default"]
    assert found(databases) == []
    demo = User.objects.create_user("test@example.com", "test", "testpassword")
    assert demo_password_works()
    assert found(databases) == ["accounts.E002"]
    assert found() == [], "commands that ask no database, such as changepassword, go on"
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["localhost"]
    assert found(databases) == []
    settings.DEBUG = False
    demo.set_password("something else")
    demo.save()
    assert not demo_password_works()


@pytest.mark.django_db
def test_the_demo_password_of_a_switched_off_user_does_no_harm() -> None:
    make_user()
    User.objects.create_user("test@example.com", "test", "testpassword")
    User.objects.update(is_active=False)
    assert not demo_password_works()


@pytest.mark.bad_input(78)
def test_open_hosts_are_refused_without_debug(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert found() == ["accounts.E005"]
