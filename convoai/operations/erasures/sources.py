"""Where the ledger of deletions can be found when a backup is restored, and how far it reaches."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from convoai.operations.backup.files import backup_folder, describe
from convoai.operations.backup.keeping import backups_in
from convoai.operations.backup.manifest import ERASURES, Manifest, made_at, read_manifest
from convoai.operations.backup.server import Server, value_of
from convoai.operations.erasures.ledger import (
    Copy,
    Ledger,
    counted,
    in_words,
    merged,
    moment_text,
    read_copy,
    read_database,
    standing,
)
from convoai.refusals import Refusal

# The manifest's moment has no fractions.
FRACTION = timedelta(seconds=1)
BEFORE = timedelta(hours=1)
BORN = "SELECT min(applied) FROM public.django_migrations"


@dataclass(frozen=True)
class Known:
    """All deletions that are known, what they are known from, and until when that reaches."""

    ledger: Ledger = field(default_factory=dict)
    source: str = ""
    reaches: datetime | None = None
    # Those that the backup may bring back.
    later: Ledger = field(default_factory=dict)

    def lines(self, manifest: Manifest, *, with_erased: bool, days: int) -> list[str]:
        """For the plan of a restore."""
        made = made_at(manifest)
        lines = []
        if self.later:
            what = f"{len(self.later):,} deletions made after this backup"
            if len(self.later) == 1:
                what = "1 deletion made after this backup"
            apply = "stay undone (--with-erased)" if with_erased else "are applied to what it holds"
            lines.append(f"{what} {apply}: {in_words(counted(self.later))}")
        if self.reaches is None or self.reaches <= made + FRACTION:
            lines.append("what was deleted after this backup is not known: no newer ledger")
            lines.append("was found, so it comes back")
        else:
            if not self.later:
                lines.append("nothing that it holds was deleted since")
            lines.append(f"known from {self.source}, until {self.reaches:%Y-%m-%d %H:%M} UTC")
        if made < datetime.now(UTC) - timedelta(days=days):
            lines.append(f"it is older than ERASURE_DAYS ({days}): deletions may be forgotten")
        return lines


def find_ledger(*, server: Server, file: Path, folder: Path, manifest: Manifest) -> Known:
    """Everything that the live database, the file and the newest backups tell of deletions.

    The source that is named is the one that reaches furthest. A database that was made after the
    backup cannot tell what was deleted before, so it is not that one. Raises Refusal.
    """
    made = made_at(manifest)
    own = _copy_in(folder)
    copies = [("the live database", _live(server, made)), (str(file), read_copy(file))]
    for place in {folder.parent, backup_folder()}:
        copies.append(_newest(place))
    found = [(name, copy) for name, copy in copies if copy is not None]
    ledger = merged(*(copy.ledger for _, copy in found), own.ledger if own else {})
    listed = own.ledger if own else {}
    # Backups of an older version list nothing: a transaction may have begun before them.
    first = "" if own else moment_text(made - BEFORE)
    last = moment_text(made + FRACTION)
    later = {
        key: moments
        for key, moments in standing(ledger).items()
        if key not in listed and key.made_at <= last and moments.erased_at >= first
    }
    source, furthest = max(found, key=lambda one: one[1].reaches, default=("", None))
    return Known(ledger, source, furthest.reaches if furthest else None, later)


def _live(server: Server, made: datetime) -> Copy | None:
    now = datetime.now(UTC)
    with server.connect() as found:
        ledger = read_database(found)
        if ledger is None:
            return None
        born = value_of(found, BORN) if _has_migrations(found) else None
    is_older = born is not None and born <= made
    return Copy(now if is_older else datetime.min.replace(tzinfo=UTC), ledger)


def _has_migrations(found: Any) -> bool:
    return value_of(found, "SELECT to_regclass('public.django_migrations')") is not None


def _newest(place: Path) -> tuple[str, Copy | None]:
    """The ledger of the newest backup in a folder that has a good one."""
    try:
        backups = backups_in(place)
    except OSError:
        return "", None
    for backup in reversed(backups):
        copy = _copy_in(backup)
        if copy is not None:
            return f"the backup {backup.name}", copy
    return "", None


def _copy_in(backup: Path) -> Copy | None:
    """The ledger in a backup; None in one of an older version, or when it is damaged."""
    try:
        wanted = read_manifest(backup)["files"].get(ERASURES)
        if wanted is None or describe(backup / ERASURES) != wanted:
            return None
        return read_copy(backup / ERASURES)
    except (Refusal, OSError):
        return None
