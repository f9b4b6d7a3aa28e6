"""Nothing is changed without a person's word."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError

from convoai.operations.consent import require_consent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def answer(monkeypatch: Any, stdin: io.StringIO) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    require_consent("Delete?", action="delete")


@pytest.mark.parametrize("typed", ["y\n", " YES \n"])
def test_a_yes_is_enough(monkeypatch: Any, typed: str) -> None:
    answer(monkeypatch, Terminal(typed))


@pytest.mark.parametrize("typed", ["n\n", "\n", "maybe\n", ""])
def test_anything_else_and_the_end_of_the_input_is_a_no(monkeypatch: Any, typed: str) -> None:
    with pytest.raises(CommandError, match="Nothing was changed"):
        answer(monkeypatch, Terminal(typed))


def test_where_nobody_sits_yes_has_to_be_said_beforehand(monkeypatch: Any) -> None:
    with pytest.raises(CommandError, match="add --yes to delete"):
        answer(monkeypatch, io.StringIO("y\n"))
