"""manage.py partition says what it will do, and refuses what cannot be in one sentence."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from convoai.operations.backup.server import Server
from convoai.operations.management.commands import partition as command
from tests.operations.partitions.rows import fill, structure


def run(*arguments: str) -> str:
    said = io.StringIO()
    call_command("partition", *arguments, stdout=said)
    return said.getvalue()


@pytest.fixture
def here(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The commands work in the scratch database."""
    monkeypatch.setattr(command, "configured_server", lambda: server)
    fill(server, 10)
    return server


def test_the_plan_tells_rows_room_and_limits_and_changes_nothing(here: Server) -> None:
    before = structure(here)
    said = run("plan", "--by", "month")
    assert "20 conversations, 80 messages" in said
    assert "2021_06: 4 conversations" in said
    assert "across partitions" in said
    assert "Nothing was changed" in run("apply", "--dry-run")
    with pytest.raises(CommandError, match="add --yes"):
        run("apply")
    assert structure(here) == before


def test_from_apply_to_undo(here: Server) -> None:
    assert "one partition a year" in run("apply", "--yes")
    assert "All partitions are there." in run("ensure")
    assert "4 conversations with 16 messages; 4 facts" in run("detach", "2021", "--dry-run")
    run("detach", "2021", "--yes")
    assert "2021 is back" in run("attach", "2021")
    assert "ordinary tables again" in run("undo", "--yes")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("undo", "--yes"), "nothing to undo"),
        (("ensure",), "`manage.py partition apply` comes first"),
        (("detach", "2021", "--yes"), "`manage.py partition apply` comes first"),
        (("attach", "2021"), "2021 is not in the archive"),
        (("attach", "yesterday"), "a year such as 2021"),
        (("detach", "2021-13", "--yes"), "a year such as 2021"),
        (("apply", "--by", "week"), "invalid choice"),
        ((), "required"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    here: Server, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)
