"""Backups by the worker, as BACKUP_EVERY says."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import pytest
from django.core.management import CommandError, CommandParser, call_command
from django_q.models import Schedule
from django_q.signals import post_spawn

from convoai.operations.backup.schedule import NAME, command, set_schedule, watch
from convoai.operations.management.commands.backup import Command


@pytest.mark.django_db(transaction=True)
def test_a_starting_worker_follows_the_setting(settings: Any) -> None:
    settings.BACKUP_EVERY = 24
    post_spawn.send(sender="django_q", proc_name="")
    first = Schedule.objects.get(name=NAME)
    assert (first.minutes, first.schedule_type) == (24 * 60, Schedule.MINUTES)
    # A start anew does not begin to count anew.
    post_spawn.send(sender="django_q", proc_name="")
    assert Schedule.objects.get(name=NAME) == first
    settings.BACKUP_EVERY = 0
    post_spawn.send(sender="django_q", proc_name="")
    assert not Schedule.objects.filter(name=NAME).exists()


def test_other_hours_replace_the_schedule(db: None) -> None:
    set_schedule(hours=24)
    set_schedule(hours=6)
    assert Schedule.objects.get(name=NAME).minutes == 360


def test_what_is_scheduled_is_the_command_with_a_verification(settings: Any, db: None) -> None:
    settings.BACKUP_KEEP = 3
    python, manage, name, *arguments = command()
    assert (python, manage[-10:], name) == (sys.executable, "/manage.py", "backup")
    parser = CommandParser()
    Command().add_arguments(parser)
    chosen = parser.parse_args(arguments)
    assert (chosen.keep, chosen.verify) == (3, True)


def test_a_failed_backup_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    for code, told in ((0, 0), (1, 1)):
        with caplog.at_level(logging.ERROR, "convoai.operations"):
            watch(subprocess.Popen([sys.executable, "-Sc", f"raise SystemExit({code})"]))
        assert len(caplog.records) == told


def test_an_old_backup_stays_until_the_new_one_is_verified(
    tmp_path: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    call_command("backup", to=tmp_path)
    monkeypatch.setattr(
        "convoai.operations.backup.verifying._restored_problems",
        lambda *_: ["The table messages is missing"],
    )
    with pytest.raises(CommandError, match="no good backup"):
        call_command("backup", to=tmp_path, keep=1, verify=True)
    assert len(list(tmp_path.glob("convoai-*"))) == 2
