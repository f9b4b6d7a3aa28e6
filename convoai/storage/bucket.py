"""Files in a bucket of an S3-speaking service, through django-storages.

Each call goes over the network, so the database connection is given back before it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

from convoai.database.transactions import release_connection
from convoai.storage.storage import StorageProblem, Stored

# Seconds to connect, and between two signs of life; a request is tried three times.
CONNECT, READ, TRIES = 3, 20, 3
# Larger files wait on the disk, not in memory.
IN_MEMORY = 8_000_000
Options = tuple[tuple[str, str], ...]


class Bucket:
    """A Storage; `folder` is where in the bucket it begins."""

    def __init__(self, options: Options, folder: str) -> None:
        self.options = options
        self.folder = folder

    @property
    def where(self) -> str:
        return f"the bucket {dict(self.options)['bucket_name']}, below {self.folder}/"

    @property
    def workplace(self) -> None:
        return None

    @contextmanager
    def draft(self, name: str) -> Iterator[IO[bytes]]:
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            yield cast("IO[bytes]", file)
            self._save(name, cast("IO[bytes]", file))

    def take(self, file: Path, name: str) -> None:
        with file.open("rb") as source:
            self._save(name, source)

    def open(self, name: str) -> IO[bytes]:
        with self._asked() as storage:
            file = storage.open(name)
            # Fetched as a whole now, so that a broken line is noticed before an answer begins.
            file.seek(0)
            return cast("IO[bytes]", file)

    def exists(self, name: str) -> bool:
        with self._asked() as storage:
            return bool(storage.exists(name))

    def remove(self, name: str) -> None:
        with self._asked() as storage:
            storage.delete(name)

    def remove_below(self, folder: str) -> None:
        from botocore.exceptions import ClientError

        with self._asked() as storage:
            for answer in storage.bucket.objects.filter(Prefix=f"{self.folder}/{folder}/").delete():
                # The request as a whole went well, also when the service kept some of the files.
                for refused in answer.get("Errors", [])[:1]:
                    raise ClientError({"Error": {"Code": refused.get("Code")}}, "DeleteObjects")

    def files(self, folder: str = "") -> Iterator[Stored]:
        prefix = f"{self.folder}/{folder}/" if folder else f"{self.folder}/"
        with self._asked() as storage:
            for found in storage.bucket.objects.filter(Prefix=prefix):
                name = found.key.removeprefix(f"{self.folder}/")
                yield Stored(name, found.last_modified.timestamp())

    def beside(self, suffix: str) -> Bucket:
        return Bucket(self.options, f"{self.folder}-{suffix}")

    def require(self, *, writing: bool = True) -> None:
        if not writing:
            with self._asked() as storage:
                storage.bucket.meta.client.list_objects_v2(
                    Bucket=storage.bucket_name, Prefix=f"{self.folder}/", MaxKeys=1
                )
            return
        # A key that may only read looks well until the first picture.
        with self.draft(".convoai") as file:
            file.write(b"convoai looks whether it may write here")
        self.open(".convoai").close()
        self.remove(".convoai")

    def _save(self, name: str, source: IO[bytes]) -> None:
        from django.core.files import File

        with self._asked() as storage:
            storage.save(name, File(source))

    @contextmanager
    def _asked(self) -> Iterator[Any]:
        """The library's storage; what it raises becomes a StorageProblem."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        release_connection()
        try:
            yield _storage(self.options, self.folder)
        except (Boto3Error, BotoCoreError, ClientError) as error:
            raise StorageProblem(_sentence(error, dict(self.options))) from error


@lru_cache(maxsize=8)
def _storage(options: Options, folder: str) -> Any:
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config
    from storages.backends.s3 import S3Storage

    given = dict(options)
    return S3Storage(
        **given,
        location=folder,
        default_acl=None,
        file_overwrite=True,
        max_memory_size=IN_MEMORY,
        transfer_config=TransferConfig(use_threads=False),
        client_config=Config(
            signature_version="s3v4",
            # Services of one's own seldom have a name for each bucket.
            s3={"addressing_style": "path" if "endpoint_url" in given else "auto"},
            connect_timeout=CONNECT,
            read_timeout=READ,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            # Many services that speak S3 know no checksums at the end of a body.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


# What services answer -> what is wrong and what to do. Patterns of codes, not of words.
CAUSES = {
    "NoSuchBucket": "There is no bucket {bucket} at {where}: make it, or correct S3_BUCKET.",
    "InvalidBucketName": "S3_BUCKET={bucket} is no name of a bucket at {where}.",
    "InvalidAccessKeyId": "{where} does not know this S3_ACCESS_KEY_ID.",
    "SignatureDoesNotMatch": "{where} refuses S3_SECRET_ACCESS_KEY: it does not fit the key's id.",
    "AccessDenied": "{where} lets this key not read, write, list and remove in {bucket}: give it "
    "s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket.",
    "PermanentRedirect": "The bucket {bucket} is in another region: correct S3_REGION.",
    "AuthorizationHeaderMalformed": "The bucket {bucket} is in another region: correct S3_REGION.",
    "NoCredentialsError": "No key for {where}: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.",
    "EndpointConnectionError": "Nothing answers at {where}: correct S3_ENDPOINT_URL, or start it.",
    "ConnectTimeoutError": "Nothing answers at {where}: correct S3_ENDPOINT_URL, or start it.",
}
# A HEAD has no body, so only its status tells.
CAUSES |= {"403": CAUSES["AccessDenied"]}


def _sentence(error: Exception, options: dict[str, str]) -> str:
    """What is wrong, without the keys and without what the service quotes."""
    words = {
        "bucket": options["bucket_name"],
        "where": options.get("endpoint_url", "the S3 service"),
    }
    for one in _chain(error):
        response = getattr(one, "response", None) or {}
        code = str(response.get("Error", {}).get("Code") or type(one).__name__)
        if code in CAUSES:
            found = CAUSES[code].format_map(words)
            return found[:1].upper() + found[1:]
    kind = type(error).__name__
    return f"The bucket {words['bucket']} at {words['where']} cannot be used ({kind})."


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
