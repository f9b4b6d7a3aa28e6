"""Backups to try things on: copies that may be damaged, databases that go away again."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convoai.operations.backup.files import describe
from convoai.operations.backup.loading import drop_database
from convoai.operations.backup.manifest import (
    DUMP,
    ERASURES,
    MANIFEST,
    PICTURES,
    write_manifest,
)
from convoai.operations.backup.restoring import Plan, plan_restore
from convoai.operations.backup.server import Server
from convoai.storage.folder import Folder


def copy_of(backup: Path, folder: Path) -> Path:
    copy = folder / backup.name
    shutil.copytree(backup, copy)
    return copy


def vouch_for(backup: Path) -> None:
    """Make the manifest say that the files are as they are now, as one who does not look does."""
    contents = json.loads((backup / MANIFEST).read_text())
    contents["files"] = {name: describe(backup / name) for name in (DUMP, PICTURES, ERASURES)}
    write_manifest(backup, contents)


@contextmanager
def free_name(server: Server) -> Iterator[str]:
    """The name of a database that does not exist; dropped afterwards if it does then."""
    name = f"convoai_test_{secrets.token_hex(6)}"
    try:
        yield name
    finally:
        drop_database(server, name)


def planned(server: Server, backup: Path, media: Path, into: str | None) -> Plan:
    return plan_restore(
        server=server, path=backup, media=Folder(media), into=into, file=media.parent / ERASURES
    )


def execute(server: Server, *statements: str) -> None:
    with server.connect() as found, found.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def all_files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
