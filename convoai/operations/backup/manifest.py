"""What a backup says about itself, in a file that a person can read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from convoai.operations.backup.files import write_private
from convoai.refusals import Refusal

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"
PICTURES = "pictures.tar"
ERASURES = "erasures.json"
VERIFIED = "verified.json"
Manifest = dict[str, Any]
PARTS = {
    "made_at": str,
    "server": dict,
    "program": str,
    "files": dict,
    "pictures": dict,
    "tables": dict,
    "structure": dict,
}


def write_manifest(folder: Path, contents: Mapping[str, Any]) -> None:
    """Write the file, with a digest of itself."""
    whole = {"format": FORMAT, **contents}
    whole["digest"] = digest_of(whole)
    write_private(folder / MANIFEST, json.dumps(whole, indent=2) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup. Raises Refusal when it is missing, of another form or changed."""
    damaged = Refusal("damaged", f"{folder / MANIFEST} is damaged: use another backup.")
    try:
        found = json.loads((folder / MANIFEST).read_text())
    except FileNotFoundError:
        raise Refusal(
            "no_backup", f"{folder} is no backup: give a folder that `manage.py backup` has made."
        ) from None
    except OSError as error:
        raise Refusal(
            "unreadable", f"{folder / MANIFEST} cannot be read: {error.strerror}."
        ) from None
    except ValueError:
        raise damaged from None
    if not isinstance(found, dict) or found.get("digest") != digest_of(found):
        raise damaged
    if found.get("format") != FORMAT:
        raise Refusal(
            "other_format",
            f"{folder} was made by another version of convoai: restore it with that one.",
        )
    if not all(isinstance(found.get(name), kind) for name, kind in PARTS.items()):
        raise damaged
    return found


def digest_of(contents: Mapping[str, Any]) -> str:
    """sha256 of everything but the digest itself."""
    rest = {name: value for name, value in contents.items() if name != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def find_backup(path: Path) -> Path:
    """The folder of the backup that `path`, it or one of its files, names. Raises Refusal."""
    if not path.exists():
        raise Refusal("no_backup", f"There is no {path}: give the folder of a backup.")
    return path if path.is_dir() else path.parent


def files_of(manifest: Manifest) -> list[str]:
    """The names of its files; backups of an older version have no ledger of deletions."""
    return [
        name for name in (DUMP, PICTURES, ERASURES) if name in {DUMP, PICTURES, *manifest["files"]}
    ]


def rows_of(manifest: Manifest) -> int:
    return sum(int(one["rows"]) for one in manifest["tables"].values())


def made_at(manifest: Manifest) -> datetime:
    return datetime.fromisoformat(manifest["made_at"])
