"""manage.py restore: a backup into the empty database, or into a new one beside it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from convoai.operations.backup.restoring import Plan, Restored, apply, plan_restore
from convoai.operations.backup.server import configured_server
from convoai.operations.backup.stopping import cleaned_up_when_stopped
from convoai.operations.consent import require_consent
from convoai.operations.erasures.copying import ledger_file
from convoai.operations.erasures.ledger import in_words
from convoai.refusals import Refusal
from convoai.storage.choice import media


class Command(BaseCommand):
    help = (
        "Restore a backup of `manage.py backup` into the empty database of the settings, or into "
        "a new one beside it. All of it or nothing; what is there is never replaced. What was "
        "deleted after the backup is deleted again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="the folder of a backup")
        parser.add_argument("--into", metavar="NAME", help="make this database and fill it")
        parser.add_argument(
            "--with-erased",
            action="store_true",
            help="leave what was deleted after the backup as it was then: to undo an accident",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--dry-run", action="store_true", help="print the plan only")

    @cleaned_up_when_stopped()
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = plan_restore(
                server=configured_server(),
                path=options["file"].resolve(),
                media=media(),
                into=options["into"],
                file=ledger_file(),
                with_erased=options["with_erased"],
                days=settings.ERASURE_DAYS,
            )
            for line in plan.lines():
                self.stdout.write(line)
            if options["dry_run"]:
                self.stdout.write("Nothing was changed (--dry-run).")
                return
            if not options["yes"]:
                require_consent("Restore?", action="restore")
            bar = tqdm(unit="step", disable=None, file=sys.stderr)
            with bar:
                restored = apply(plan, progress=lambda what: self._tell(bar, what))
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        if restored.wrong:
            for line in restored.wrong:
                self.stderr.write(f"{line}.")
            raise CommandError("What was restored is not what was backed up: do not use it.")
        self._say_what_next(plan, restored)

    def _tell(self, bar: Any, what: str) -> None:
        bar.set_description(what[:60], refresh=False)
        bar.update()

    def _say_what_next(self, plan: Plan, restored: Restored) -> None:
        self.stdout.write(self.style.SUCCESS("Restored; every table is as it was backed up."))
        if restored.replayed.counts:
            self.stdout.write(f"Deleted again: {in_words(restored.replayed.counts)}.")
        if restored.trial.untried:
            self.stdout.write(f"It was not tried out: {restored.trial.untried}.")
        else:
            self.stdout.write(f"Tried out: {', '.join(restored.trial.done)}.")
        if plan.is_new:
            self.stdout.write(
                f"The live database is as before. The copy is {plan.target.name}, its pictures "
                f"are in {plan.media.where}."
            )
