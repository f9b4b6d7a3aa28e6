"""Archives for tests: made, taken apart, and put together again."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from convoai.accounts.models import User
from convoai.transfer.archive.contents import TABLES
from convoai.transfer.archive.loading import Loaded, load_archive
from convoai.transfer.archive.opening import OpenArchive
from convoai.transfer.archive.writing import write_archive_to

Files = dict[str, bytes]


def archive_of(user: User) -> Files:
    """The files of the user's archive."""
    file = io.BytesIO()
    write_archive_to(user, file)
    with ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows(files: Files, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files[f"data/{name}.jsonl"].splitlines()]


def with_rows(files: Files, name: str, changed: list[dict[str, Any]]) -> Files:
    """The same archive with other rows in one table, and a manifest that fits."""
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in changed)
    return declared({**files, f"data/{name}.jsonl": lines})


def declared(files: Files, **manifest: Any) -> Files:
    """With sizes and digests of the files as they are, and other values in the manifest."""
    said = {**json.loads(files["manifest.json"]), **manifest}
    said["files"] = {
        path: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for path, data in files.items()
        if path != "manifest.json"
    }
    return {**files, "manifest.json": json.dumps(said).encode()}


def packed(files: Files) -> io.BytesIO:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return file


def load(files: Files, owner: User) -> Loaded:
    with OpenArchive(packed(files)) as archive:
        return load_archive(archive=archive, owner=owner)


def without_ids(files: Files) -> dict[str, list[dict[str, Any]]]:
    """All rows, each id replaced by the place of the row that it names; without the user."""
    places = {
        table.name: {row.get("id"): place for place, row in enumerate(rows(files, table.name))}
        for table in TABLES
    }
    targets = {
        "id": None,
        "partner_id": "partners",
        "topic_id": "topics",
        "conversation_id": "conversations",
        "source_message_id": "messages",
        "superseded_by_id": "facts",
    }
    return {
        table.name: [
            {
                key: value
                if key not in targets or value is None
                else places[targets[key] or table.name][value]
                for key, value in row.items()
            }
            for row in rows(files, table.name)
        ]
        for table in TABLES
        if table.name != "user"
    }
