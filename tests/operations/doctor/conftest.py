"""Somebody else's server, for what the suite's own cannot show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.database.scratch import Remote, remote_server


@pytest.fixture(scope="session")
def remote() -> Iterator[Remote]:
    with remote_server() as server:
        yield server
