"""Folders and files: room on the disk, pictures, backups, and where the server's log is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from convoai.operations.backup.files import backup_folder
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server
from convoai.operations.findings import Finding, error, info, ok, warning
from convoai.storage.choice import media
from convoai.storage.folder import Folder
from convoai.storage.storage import StorageProblem

LITTLE_BYTES, LOW_BYTES = 100_000_000, 2_000_000_000
OLD_BACKUP_DAYS = 7
GB = 1_000_000_000


def examine_disk(here: Installation) -> Iterator[Finding]:
    folders = {"data": Path(settings.DATA_DIR)}
    if here.data_dir is not None:
        from convoai.database.place import find_place

        folders["database"] = find_place(here.data_dir).home
    for name, folder in folders.items():
        # Not made yet: the disk is that of the folder it will be in.
        there = next(part for part in (folder, *folder.parents) if part.exists())
        free = shutil.disk_usage(there).free
        figures = {"folder": str(folder), "free": free}
        told = f"{free / GB:.1f} GB are free for {folder}."
        hint = f"`df -h {there}` and `du -sh {there}/*` show what fills it."
        if free < LITTLE_BYTES:
            yield error(f"disk.{name}", f"Only {told}", hint, **figures)
        elif free < LOW_BYTES:
            yield warning(f"disk.{name}", f"Only {told}", hint, **figures)
        else:
            yield ok(f"disk.{name}", told, **figures)


def examine_server_disk(server: Server, here: Installation) -> Iterator[Finding]:
    size = server.row("SELECT pg_database_size(current_database())")[0]
    if here.is_bundled:
        yield ok("disk.size", f"The database takes {size / GB:.2f} GB.", database=size)
    else:
        yield info(
            "disk.size",
            f"The database takes {size / GB:.2f} GB; a server does not tell how much is free.",
            "On its machine: `df -h`; managed ones: in the provider's console.",
            database=size,
        )


def examine_media(here: Installation) -> Iterator[Finding]:
    """Whether pictures can be kept; of a bucket only reading is tried."""
    place = media()
    if isinstance(place, Folder) and not place.root.exists():
        yield info("media.folder", f"{place.where} is made with the first picture.")
        return
    try:
        place.require(writing=False)
    except StorageProblem as problem:
        what, _, hint = str(problem).partition(": ")
        yield error("media.folder", f"{what}.", hint[:1].upper() + hint[1:], place=place.where)
    else:
        yield ok("media.folder", f"Pictures are kept in {place.where}.", place=place.where)


def examine_backups(here: Installation) -> Iterator[Finding]:
    """A backup is verified when `verified.json` beside its manifest says when."""
    found = [one for one in map(_backup, _manifests()) if one is not None]
    if not found:
        yield warning(
            "backup.last",
            "There is no backup: none yet.",
            "Run `manage.py backup`, then `manage.py verify_backup` with what it made.",
        )
        return
    newest = max(found, key=lambda one: str(one["made"]))
    if newest["passed"] is False:
        yield error(
            "backup.last",
            f"The newest backup, of {newest['made']}, did not pass its verification.",
            f"`manage.py verify_backup {newest['file']}` says why; run `manage.py backup` anew.",
            **newest,
        )
        return
    verified = [one for one in found if one["verified"]]
    if not verified:
        yield warning(
            "backup.last",
            f"No backup has been verified; the newest is of {newest['made']}.",
            f"Run `manage.py verify_backup {newest['file']}`.",
            **newest,
        )
        return
    last = max(verified, key=lambda one: str(one["made"]))
    made = parse_datetime(str(last["made"]))
    days = (timezone.now() - made).days if made and made.tzinfo else None
    if days is not None and days > OLD_BACKUP_DAYS:
        yield warning(
            "backup.last",
            f"The last verified backup is {days} days old.",
            "Run `manage.py backup` and `manage.py verify_backup`; docs/backup.md has timers.",
            **last,
        )
    else:
        yield ok("backup.last", f"The last verified backup is of {last['made']}.", **last)


def _manifests() -> list[Path]:
    return sorted(backup_folder().glob("*/manifest.json"))


def _backup(manifest: Path) -> dict[str, Any] | None:
    """When a backup was made and verified, by its manifest; None when that cannot be read."""
    try:
        told = json.loads(manifest.read_text())
        beside = manifest.with_name("verified.json")
        proof = json.loads(beside.read_text()) if beside.exists() else {}
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict) or not isinstance(proof, dict):
        return None
    return {
        "file": str(manifest.parent),
        "made": told.get("made_at"),
        "verified": proof.get("verified_at"),
        "passed": proof.get("passed"),
    }


def examine_log(server: Server, here: Installation) -> Iterator[Finding]:
    if here.data_dir is not None:
        from convoai.database.place import find_place

        log = find_place(here.data_dir).log
        yield ok(
            "log.place", f"The server's log is {log} (`manage.py database logs`).", log=str(log)
        )
        return
    kind = server.setting("log_destination") or ""
    folder, data = server.setting("log_directory"), server.setting("data_directory")
    if "syslog" in kind:
        yield ok("log.place", "The server's log goes to syslog: `journalctl -t postgres`.")
    elif server.setting("logging_collector") == "on":
        # Both names are only told to roles with pg_monitor.
        place = "/".join(part for part in (data, folder or "log") if part)
        yield ok("log.place", f"On its machine, the server's log is in {place}.", log=place)
    else:
        yield info(
            "log.place",
            "The server writes its log to where it was started from.",
            "On its machine: `journalctl -u postgresql`, or on Debian /var/log/postgresql; "
            "managed ones: in the provider's console.",
        )
