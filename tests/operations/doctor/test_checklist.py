"""manage.py checklist: with a web server of its own on the suite's database."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from convoai.accounts.models import User
from convoai.operations.checklist.points import run_checklist
from convoai.operations.database_setup.setting_up import address_of
from convoai.operations.doctor.installation import Installation


@pytest.fixture
def of_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that are started work in the suite's database."""
    values = connection.settings_dict
    monkeypatch.setenv("DATABASE_URL", address_of({**values, "OPTIONS": {}}))
    monkeypatch.setenv("DEBUG", "true")
    monkeypatch.setenv("EMBEDDER", "none")  # loading one takes most of a start


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_all_ten_points_pass_and_nothing_is_left(of_the_suite: None, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    found = list(run_checklist(Installation(connection.settings_dict)))
    assert [one.as_json()["message"] for one in found if one.level] == []
    assert [one.id for one in found] == [f"checklist.{number}" for number in range(1, 11)]
    assert not User.objects.filter(email__endswith="@convoai.invalid").exists()
