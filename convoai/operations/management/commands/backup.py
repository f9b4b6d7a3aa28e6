"""manage.py backup: database and pictures into a new folder, complete or not at all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from convoai.operations.backup.files import backup_folder
from convoai.operations.backup.keeping import remove_old
from convoai.operations.backup.making import Backup, make_backup
from convoai.operations.backup.manifest import rows_of
from convoai.operations.backup.server import configured_server
from convoai.operations.backup.stopping import cleaned_up_when_stopped
from convoai.operations.erasures.copying import copy_ledger
from convoai.operations.erasures.ledger import Ledger
from convoai.refusals import Refusal
from convoai.storage.choice import media


class Command(BaseCommand):
    help = (
        "Back up the database and the pictures into a new folder, which is there when the backup "
        "is complete. Its path is the last line of the output."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to",
            metavar="DIR",
            type=Path,
            default=backup_folder(),
            help="the folder that backups go to; default: BACKUP_DIR, or backups in DATA_DIR",
        )
        parser.add_argument(
            "--keep",
            metavar="N",
            type=int,
            help="afterwards remove all but the newest N backups in that folder; default: keep all",
        )
        parser.add_argument(
            "--verify",
            action="store_true",
            help="verify the new backup, as verify_backup does, before an old one is removed",
        )

    @cleaned_up_when_stopped()
    def handle(self, *args: Any, **options: Any) -> None:
        keep, to = options["keep"], options["to"].resolve()
        if keep is not None and keep < 1:
            raise CommandError("--keep must be 1 or more: the new backup is one of them.")
        try:
            backup = self._make(to)
            for remark in backup.remarks:
                self.stderr.write(remark)
            if options["verify"]:
                call_command("verify_backup", backup.folder, stdout=self.stderr)
            removed = remove_old(to, keep=keep) if keep else []
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        for path in removed:
            self.stdout.write(f"Removed {path.name}.")
        contents = backup.manifest
        self.stdout.write(
            f"{rows_of(contents):,} rows in {len(contents['tables'])} tables, "
            f"{contents['pictures']['count']:,} pictures."
        )
        self.stdout.write(str(backup.folder))

    def _make(self, to: Path) -> Backup:
        bar = tqdm(unit="step", disable=None, file=sys.stderr)

        def progress(total: int, what: str) -> None:
            bar.total = total
            bar.set_description(what, refresh=False)
            bar.update()

        with bar:
            return make_backup(
                server=configured_server(),
                media=media(),
                to=to,
                known=self._known_deletions(),
                progress=progress,
            )

    def _known_deletions(self) -> Ledger:
        """What the copy outside the database knows; it is brought up to date on the way."""
        try:
            return copy_ledger().ledger
        except Refusal as refusal:
            self.stderr.write(refusal.message)
            return {}
