"""MEDIA_STORAGE and the variables of a bucket, from the environment."""

from __future__ import annotations

import importlib.util
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from convoai.environment import text

# Variable -> what django-storages calls it.
NAMES = {
    "S3_BUCKET": "bucket_name",
    "S3_ENDPOINT_URL": "endpoint_url",
    "S3_REGION": "region_name",
    "S3_ACCESS_KEY_ID": "access_key",
    "S3_SECRET_ACCESS_KEY": "secret_key",
}


def bucket_options(env: environ.Env) -> dict[str, str] | None:
    """The bucket that files are kept in; None for folders of DATA_DIR.

    Raises ImproperlyConfigured with one sentence.
    """
    kind = text(env, "MEDIA_STORAGE", default="local")
    given = {variable: text(env, variable) for variable in NAMES}
    if kind not in {"local", "s3"}:
        raise ImproperlyConfigured(f"MEDIA_STORAGE is {kind!r}, but must be local or s3.")
    if kind == "local":
        if given["S3_BUCKET"]:
            raise ImproperlyConfigured(
                "S3_BUCKET is set and MEDIA_STORAGE is local: set MEDIA_STORAGE=s3 to keep "
                "pictures in the bucket, or remove S3_BUCKET."
            )
        return None
    if not given["S3_BUCKET"]:
        raise ImproperlyConfigured("MEDIA_STORAGE=s3 needs the name of a bucket: set S3_BUCKET.")
    if bool(given["S3_ACCESS_KEY_ID"]) != bool(given["S3_SECRET_ACCESS_KEY"]):
        raise ImproperlyConfigured(
            "Set both S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or neither for a key that the "
            "machine itself has."
        )
    endpoint = given["S3_ENDPOINT_URL"]
    if endpoint and not (urlsplit(endpoint).scheme in {"http", "https"} and "://" in endpoint):
        raise ImproperlyConfigured(
            "S3_ENDPOINT_URL must begin with https:// (or http:// in a network you trust)."
        )
    if not (importlib.util.find_spec("storages") and importlib.util.find_spec("boto3")):
        raise ImproperlyConfigured(
            "MEDIA_STORAGE=s3 needs two packages more: run `pip install -r requirements-s3.txt`."
        )
    return {name: given[variable] for variable, name in NAMES.items() if given[variable]}
