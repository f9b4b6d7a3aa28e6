"""manage.py tune: what it prints, asks and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from convoai.operations.tuning.recommending import NAMES


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"memory": "-1"}, "--memory must be a size from 256MB to 64TB, such as 16GB."),
        ({"memory": "banana"}, "--memory must be a size"),
        ({"memory": "16"}, "--memory must be a size"),
        ({"memory": "1MB"}, "--memory must be a size"),
        ({"memory": "999999TB"}, "--memory must be a size"),
        ({"cores": "0"}, "--cores must be a number from 1 to 4096."),
        ({"cores": "-2"}, "--cores must be a number"),
        ({"cores": "two"}, "--cores must be a number"),
        ({"disk": "floppy"}, "--disk must be ssd or hdd."),
        ({"purpose": "fun"}, "--for must be web, load or shared."),
        ({"apply": True, "json": True}, "--json asks no questions: add --yes or --dry-run."),
    ],
)
def test_wrong_arguments_are_one_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("tune", **options)
    assert str(refused.value).startswith(sentence)


def test_apply_and_undo_exclude_each_other() -> None:
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("tune", "--apply", "--undo")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and output."""
    with pytest.raises(SystemExit) as ended:
        call_command("tune", *arguments)
    return int(str(ended.value.code)), capsys.readouterr().out


@pytest.mark.django_db
def test_every_setting_is_told_with_value_reason_and_source(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, said = told(capsys, "--disk", "ssd")
    assert code == 0
    for name in NAMES:
        assert name in said
    assert "half is left to other programs" in said
    assert "PostgreSQL documentation" in said
    code, said = told(capsys, "--json", "--disk", "ssd")
    found = {one["id"]: one for one in json.loads(said)["findings"]}
    assert found["tune.work_mem"]["evidence"].keys() >= {"now", "recommended", "reason", "source"}
    assert found["tune.machine"]["evidence"]["purpose"] == "shared"


@pytest.mark.django_db
def test_a_plan_is_printed_and_nothing_done_without_consent(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, settings: Any
) -> None:
    settings.DATA_DIR = tmp_path
    _, said = told(capsys, "--apply", "--dry-run", "--disk", "ssd")
    assert "ALTER SYSTEM SET random_page_cost = '1.1'" in said
    assert "manage.py tune --undo" in said
    assert "Nothing was changed (--dry-run)." in said
    with pytest.raises(CommandError, match="add --yes"):
        call_command("tune", "--apply", "--disk", "ssd")
    assert list(tmp_path.iterdir()) == []
    _, said = told(capsys, "--undo")
    assert "There is nothing to undo" in said
