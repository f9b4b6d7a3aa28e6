"""manage.py import_duckdb: bring a database file of the older backend over."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from convoai.refusals import Refusal
from convoai.transfer.duckdb_files.importing import import_file
from convoai.transfer.duckdb_files.options import add_reading_arguments, chosen
from convoai.transfer.duckdb_files.reporting import import_lines
from convoai.transfer.next_steps import NEXT_STEPS


class Command(BaseCommand):
    help = (
        "Bring a DuckDB file of the older backend over, all of it or nothing. The file is only "
        "read. Running it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_reading_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="say the same, store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        is_dry = options["dry_run"]
        try:
            result = import_file(options["file"], dry_run=is_dry, **chosen(options))
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        for line in import_lines(result, is_dry=is_dry):
            self.stdout.write(line)
        if is_dry:
            self.stdout.write("A dry run: nothing was stored.")
            return
        self.stdout.write(self.style.SUCCESS("All rows are as in the file, or were before."))
        if any(table.imported for table in result.tables):
            for step in NEXT_STEPS:
                self.stdout.write(step)
