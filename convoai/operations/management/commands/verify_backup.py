"""manage.py verify_backup: restore a backup into a scratch database and compare."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from convoai.operations.backup.server import configured_server
from convoai.operations.backup.stopping import cleaned_up_when_stopped
from convoai.operations.backup.verifying import verify_backup
from convoai.operations.doctor.report import as_json
from convoai.refusals import Refusal


class Command(BaseCommand):
    help = (
        "Restore a backup of `manage.py backup` into a scratch database, compare every table, "
        "constraint, index and trigger with what was backed up, and drop the scratch database "
        "again. Exit code 1 when anything is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="the folder of a backup")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    @cleaned_up_when_stopped()
    def handle(self, *args: Any, **options: Any) -> None:
        bar = tqdm(unit="step", disable=None, file=sys.stderr)

        def progress(what: str) -> None:
            bar.set_description(what[:60], refresh=False)
            bar.update()

        try:
            with bar:
                outcome = verify_backup(
                    server=configured_server(), path=options["file"].resolve(), progress=progress
                )
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        findings = outcome.findings()
        if options["json"]:
            self.stdout.write(as_json(findings))
        else:
            style = self.style.ERROR if outcome.problems else self.style.SUCCESS
            for finding in findings:
                self.stdout.write(style(finding.message))
        if outcome.problems:
            raise CommandError(f"{outcome.folder} is no good backup: make a new one.")
