"""A service that speaks S3, on this machine."""

from __future__ import annotations

import logging
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

BUCKET = "convoai-pictures"
# Any key will do, until the service is told to look.
KEY = {"access_key": "key-of-convoai", "secret_key": "secret-of-convoai"}


@contextmanager
def s3_service() -> Iterator[str]:
    """Start it with one bucket; gives its address."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        client_of(url).create_bucket(Bucket=BUCKET)
        yield url
    finally:
        server.stop()


def options_of(url: str, **changed: str) -> dict[str, str]:
    """What `bucket_options` gives for this service."""
    return {
        "bucket_name": BUCKET,
        "endpoint_url": url,
        "region_name": "us-east-1",
        **KEY,
        **changed,
    }


def look_at_keys(url: str, *, after: int) -> None:
    """So many requests more are answered whatever their key."""
    kind = {"Content-Type": "text/plain"}
    request = urllib.request.Request(f"{url}/moto-api/reset-auth", str(after).encode(), kind)
    urllib.request.urlopen(request, timeout=10).close()


@lru_cache
def client_of(url: str) -> Any:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=KEY["access_key"],
        aws_secret_access_key=KEY["secret_key"],
    )


def names_in(url: str) -> list[str]:
    """The keys of everything in the bucket."""
    answer = client_of(url).list_objects_v2(Bucket=BUCKET)
    return [found["Key"] for found in answer.get("Contents", [])]


def empty(url: str) -> None:
    for name in names_in(url):
        client_of(url).delete_object(Bucket=BUCKET, Key=name)
