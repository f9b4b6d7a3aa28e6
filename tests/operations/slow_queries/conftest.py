"""The record, switched on for a test and never stored by a thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from convoai.database import statement_times
from convoai.operations.models import StatementTimes


@pytest.fixture
def recording() -> Iterator[list[str]]:
    """Statements are recorded; gives the list of times at which they were to be stored."""
    told: list[str] = []
    statement_times.switch_on("test", lambda: told.append("soon"))
    yield told
    statement_times.switch_off()


@pytest.fixture(autouse=True)
def _nothing_is_kept(request: pytest.FixtureRequest) -> None:
    """Servers that other tests start record what they do in the same database."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        StatementTimes.objects.all().delete()
