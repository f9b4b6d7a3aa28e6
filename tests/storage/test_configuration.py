"""Which place follows from the environment."""

from __future__ import annotations

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured

from convoai.storage.configuration import bucket_options

KEY = {"S3_ACCESS_KEY_ID": "key", "S3_SECRET_ACCESS_KEY": "hidden"}
S3 = {"MEDIA_STORAGE": "s3", "S3_BUCKET": "pictures"}


def options(**variables: str) -> dict[str, str] | None:
    class Environment(environ.Env):
        ENVIRON = variables

    return bucket_options(Environment())


def test_files_are_kept_in_folders_unless_a_bucket_is_named() -> None:
    assert options() is None
    assert options(MEDIA_STORAGE="local") is None
    assert options(**S3) == {"bucket_name": "pictures"}
    assert options(**S3, **KEY, S3_ENDPOINT_URL="https://s3.example.org", S3_REGION="eu-1") == {
        "bucket_name": "pictures",
        "endpoint_url": "https://s3.example.org",
        "region_name": "eu-1",
        "access_key": "key",
        "secret_key": "hidden",
    }


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"MEDIA_STORAGE": "S3"}, "must be local or s3"),
        ({"MEDIA_STORAGE": "s3"}, "set S3_BUCKET"),
        ({"S3_BUCKET": "pictures"}, "set MEDIA_STORAGE=s3"),
        ({**S3, "S3_SECRET_ACCESS_KEY": "hidden"}, "Set both"),
        ({**S3, "S3_ENDPOINT_URL": "s3.example.org"}, "must begin with https://"),
    ],
)
def test_what_is_half_set_up_is_refused(variables: dict[str, str], sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence) as refused:
        options(**variables)
    assert "hidden" not in str(refused.value)


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"pip install -r requirements-s3\.txt"):
        options(**S3)
