"""Environment variables that make no sense are refused by name."""

from __future__ import annotations

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured

from convoai.environment import flag, number, seconds_of, text, words


class Env(environ.Env):
    """Variables of the test only."""

    ENVIRON = {"EMPTY": " ", "HOSTS": "a, b,,", "MAYBE": "maybe", "MANY": "12", "MINUS": "-1"}


env = Env()


@pytest.mark.parametrize("name", ["EMPTY", "MISSING"])
def test_empty_means_not_set(name: str) -> None:
    assert text(env, name, default="x") == "x"
    assert words(env, name, default=["x"]) == ["x"]
    assert number(env, name, default=7, least=0) == 7
    assert seconds_of(env, name, default=1.5) == 1.5
    assert flag(env, name, default=True) is True


def test_values_are_read_without_the_space_around_them() -> None:
    assert words(env, "HOSTS", default=[]) == ["a", "b"]
    assert number(env, "MANY", default=0, least=0) == 12


def test_what_makes_no_sense_is_refused_by_name() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^MAYBE is 'maybe', but must be true or false"):
        flag(env, "MAYBE", default=False)
    with pytest.raises(ImproperlyConfigured, match=r"^MINUS is '-1', but must be a whole number"):
        number(env, "MINUS", default=1, least=0)
    with pytest.raises(ImproperlyConfigured, match=r"^MAYBE is 'maybe', but must be a number"):
        seconds_of(env, "MAYBE", default=1)
