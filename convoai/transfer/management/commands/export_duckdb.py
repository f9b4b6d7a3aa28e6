"""manage.py export_duckdb: write a database file that the older backend can run on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from convoai.refusals import Refusal
from convoai.transfer.duckdb_files.exporting import export_file, left_out


class Command(BaseCommand):
    help = (
        "Write all users' data to a new DuckDB file in the older backend's schema. The file is "
        "there when it is complete, and never replaces another."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file to make")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = export_file(options["file"])
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        for name, count in counts.items():
            self.stdout.write(f"{name}: {count:,}")
        others = left_out()
        if others:
            self.stdout.write(
                f"Left out: {others:,} facts about others than the partner, which the older "
                "schema cannot tell apart."
            )
        self.stdout.write(self.style.SUCCESS(f"{options['file']} is complete."))
