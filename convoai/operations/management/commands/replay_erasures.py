"""manage.py replay_erasures: delete again what came back with an older state of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from convoai.operations.backup.server import configured_server
from convoai.operations.consent import require_consent
from convoai.operations.erasures.copying import ledger_file
from convoai.operations.erasures.ledger import in_words, read_copy, standing
from convoai.operations.erasures.replaying import count_standing, replay
from convoai.refusals import Refusal
from partners.images import remove_image


class Command(BaseCommand):
    help = (
        "Delete again what had been deleted and came back, because the database was set back by "
        "other means than `manage.py restore`: a provider's point in time, or pg_restore. The copy "
        "of the ledger in DATA_DIR, or in a backup, tells what that is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--file",
            metavar="FILE",
            type=Path,
            help="the copy of the ledger; default: erasures.json in DATA_DIR",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--dry-run", action="store_true", help="print how much there is only")

    def handle(self, *args: Any, **options: Any) -> None:
        file = (options["file"] or ledger_file()).resolve()
        try:
            copy = read_copy(file)
            if copy is None:
                raise CommandError(f"There is no {file}: give --file the one of a backup.")
            with configured_server().connect() as found:
                listed = standing(copy.ledger)
                back = count_standing(found, listed)
                self.stdout.write(
                    f"{file} lists {len(listed):,} deletions until {copy.reaches:%Y-%m-%d %H:%M} "
                    f"UTC; of these are there again: {in_words(back) or 'none'}."
                )
                if options["dry_run"] or not back:
                    self.stdout.write("Nothing was changed.")
                    return
                if not options["yes"]:
                    require_consent("Delete?", action="delete")
                done = replay(found, copy.ledger)
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        for picture in done.pictures:
            remove_image(picture)
        self.stdout.write(self.style.SUCCESS(f"Deleted again: {in_words(done.counts)}."))
