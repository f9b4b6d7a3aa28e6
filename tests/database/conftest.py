"""Fixtures of the tests of the database room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.database.scratch import Remote, remote_server, scratch_folder, scratch_server


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that a server started by root can reach."""
    with scratch_folder() as path:
        yield path


@pytest.fixture(scope="session")
def remote() -> Iterator[Remote]:
    """Somebody else's PostgreSQL."""
    with remote_server() as server:
        yield server


@pytest.fixture(scope="session")
def shared() -> Iterator[Path]:
    """A data folder that tests share one after the other, each leaving it startable."""
    with scratch_folder() as folder, scratch_server(folder) as data_dir:
        yield data_dir


@pytest.fixture
def data_dir() -> str:
    """The data folder of the server that the suite runs on."""
    found = settings.DATABASES["default"].get("BUNDLED_DATA_DIR")
    if found is None:
        pytest.skip("the suite runs on a server of its own (DATABASE_URL)")
    return str(found)
