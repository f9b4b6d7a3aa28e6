"""What the terminal says at the start, for each state an installation can be in."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from convoai.accounts.models import User
from convoai.operations.startup import wants_demo
from convoai.operations.welcome import DEMO_EMAIL, DEMO_PASSWORD, data_place, sign_in, single_user
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo_user() -> User:
    user = make_user("demo")
    user.email = DEMO_EMAIL
    user.set_password(DEMO_PASSWORD)
    user.save()
    return user


def test_demo_password_is_told_while_it_holds(demo_user: User) -> None:
    assert sign_in() == "test@example.com / testpassword"


def test_changed_password_is_not_told(demo_user: User) -> None:
    demo_user.set_password("words of my own")
    demo_user.save()
    assert sign_in() == "with your account (a new one: manage.py create_user EMAIL)"


def test_password_of_a_deactivated_user_is_not_told(demo_user: User) -> None:
    demo_user.is_active = False
    demo_user.save()
    assert DEMO_PASSWORD not in sign_in()


def test_installation_without_anybody_is_told_to_create_a_user() -> None:
    assert sign_in() == "nobody can yet: manage.py create_user EMAIL --admin"


@pytest.mark.parametrize(("debug", "wanted"), [(True, True), (False, False)])
def test_demo_is_wanted_only_with_debug(settings: Settings, debug: bool, wanted: bool) -> None:
    settings.DEBUG = debug
    assert wants_demo() is wanted


def test_demo_is_not_wanted_when_somebody_is_there(settings: Settings, alice: User) -> None:
    settings.DEBUG = True
    assert not wants_demo()


def test_single_user_mode_says_who_and_how_to_turn_it_off(settings: Settings) -> None:
    settings.SINGLE_USER = "somebody@example.com"
    assert "somebody@example.com" in single_user()
    assert "SINGLE_USER=" in single_user()


def test_bundled_data_are_in_the_data_folder(settings: Settings) -> None:
    settings.DATA_DIR = Path("a folder")
    bundled = {"BUNDLED_DATA_DIR": "a folder", "HOST": "socket", "NAME": "conversation_ai"}
    assert data_place(bundled) == "a folder"


def test_own_database_is_told_without_its_password() -> None:
    own = {"HOST": "db.example.com", "NAME": "talks", "USER": "me", "PASSWORD": "secret"}
    assert data_place(own).startswith("database talks on db.example.com; pictures in ")
    assert "secret" not in data_place(own)
