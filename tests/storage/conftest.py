"""One S3-speaking service for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.storage.service import empty, options_of, s3_service


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with s3_service() as url:
        yield url


@pytest.fixture
def in_bucket(service: str, settings: Any) -> Iterator[str]:
    """Pictures and archives are kept in the service's bucket; gives its address."""
    settings.MEDIA_BUCKET = options_of(service)
    yield service
    empty(service)
