"""As whom convoai may connect."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from convoai.database.checks import check_role


@pytest.mark.bad_input(78)
@pytest.mark.django_db
def test_the_bundled_role_is_no_superuser(settings: Any) -> None:
    settings.DEBUG = False
    assert check_role(databases=["default"]) == []


class Superuser:
    """A cursor that answers as a superuser's would."""

    def __enter__(self) -> Superuser:
        return self

    def __exit__(self, *error: object) -> None: ...

    def execute(self, sql: str) -> None:
        assert "rolsuper" in sql

    def fetchone(self) -> tuple[bool]:
        return (True,)


@pytest.mark.bad_input(78)
@pytest.mark.django_db
def test_a_superuser_is_refused_without_debug(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "cursor", Superuser)
    settings.DEBUG = False
    assert [message.id for message in check_role(databases=["default"])] == ["database.E002"]
    settings.DEBUG = True
    assert check_role(databases=["default"]) == []
