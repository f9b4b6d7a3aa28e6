"""Writes a user's archive: a zip file of JSON Lines, pictures and pages, with a manifest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.db import connection, transaction

from convoai.accounts.models import User
from convoai.transfer.archive.columns import source_of, to_json
from convoai.transfer.archive.contents import (
    FORMAT,
    MANIFEST,
    PAGES,
    PICTURES,
    SCHEMA_VERSION,
    TABLES,
    Table,
)
from convoai.transfer.archive.pages import pages_of
from convoai.transfer.new_file import new_file
from partners.images import stored_image
from partners.models import ConversationPartner

CHUNK = 2_000
PIECE = 1 << 20
Progress = Callable[[int], object]


def write_archive(user: User, target: Path, progress: Progress = lambda rows: None) -> None:
    """Write everything of the user to a file that appears under its name only when complete.

    `progress` is told how many rows more are written. Raises Refusal `exists` or `unwritable`, and
    OSError when there is no room; then nothing is left behind.
    """
    with new_file(target) as part, open(part, "xb") as file:
        os.chmod(part, 0o600)
        write_archive_to(user, file, progress)


def write_archive_to(user: User, file: IO[bytes], progress: Progress = lambda rows: None) -> None:
    """Write everything of the user to an open file, as it is at one moment."""
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        writer = _Writer(archive)
        with one_moment():
            counts = {table.name: _write_table(writer, table, user, progress) for table in TABLES}
            for path, page in pages_of(user):
                with writer.entry(f"{PAGES}/{path}") as write:
                    write(page.encode())
            pictures = _pictures_of(user)
        # Afterwards, because a bucket is slow and no transaction waits for it.
        counts[PICTURES] = _write_pictures(writer, pictures)
        manifest = {
            "format": FORMAT,
            "schema_version": SCHEMA_VERSION,
            "made_at": datetime.now(UTC).isoformat(),
            "counts": counts,
            "files": writer.files,
        }
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))


@contextmanager
def one_moment() -> Iterator[None]:
    """All that is read inside is of one moment, whatever others write meanwhile.

    Inside a transaction that has begun before, each statement sees its own moment.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class _Writer:
    """Adds entries to the zip file and notes their size and digest."""

    def __init__(self, archive: ZipFile) -> None:
        self.archive = archive
        self.files: dict[str, dict[str, Any]] = {}

    @contextmanager
    def entry(self, path: str, *, packed: bool = True) -> Iterator[Callable[[bytes], None]]:
        # Without a date, so that the same content gives the same bytes.
        head = ZipInfo(path)
        head.compress_type = ZIP_DEFLATED if packed else ZIP_STORED
        head.external_attr = 0o600 << 16
        digest = hashlib.sha256()
        size = 0
        with self.archive.open(head, "w", force_zip64=True) as file:

            def write(data: bytes) -> None:
                nonlocal size
                file.write(data)
                digest.update(data)
                size += len(data)

            yield write
        self.files[path] = {"bytes": size, "sha256": digest.hexdigest()}


def _write_table(writer: _Writer, table: Table, user: User, progress: Progress) -> int:
    """Write the user's rows of one table, one JSON object a line; returns how many."""
    fields = table.fields()
    rows = table.rows_of(user).values_list(*(source_of(field) for field in fields))
    count = 0
    with writer.entry(table.path) as write:
        for row in rows.iterator(chunk_size=CHUNK):
            line = {f.attname: to_json(f, value) for f, value in zip(fields, row, strict=True)}
            write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            count += 1
            if count % CHUNK == 0:
                progress(CHUNK)
    progress(count % CHUNK)
    return count


def _pictures_of(user: User) -> list[tuple[int, str]]:
    """Number and picture of each partner of the user that has one."""
    partners = ConversationPartner.objects.owned_by(user).exclude(image_path=None).order_by("pk")
    return list(partners.values_list("pk", "image_path"))


def _write_pictures(writer: _Writer, pictures: list[tuple[int, str]]) -> int:
    """Write the pictures that are there, each under the partner's number; returns how many."""
    count = 0
    for pk, path in pictures:
        picture = stored_image(path)
        if picture is None:
            continue
        with writer.entry(f"{PICTURES}/{pk}.jpg", packed=False) as write, picture:
            while piece := picture.read(PIECE):
                write(piece)
        count += 1
    return count
