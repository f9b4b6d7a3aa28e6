"""manage.py verify_duckdb: compare a database file of the older backend with the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from convoai.refusals import Refusal
from convoai.transfer.duckdb_files.options import add_reading_arguments, chosen
from convoai.transfer.duckdb_files.reporting import difference_lines
from convoai.transfer.duckdb_files.verifying import verify_file


class Command(BaseCommand):
    help = (
        "Print what differs between a DuckDB file of the older backend, as it would be imported, "
        "and what its users have here. Changes nothing; exit code 1 when something differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_reading_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            differences = verify_file(options["file"], **chosen(options))
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        lines = list(difference_lines(differences))
        for line in lines:
            self.stdout.write(line)
        if lines:
            raise CommandError("The file and the database differ.")
        self.stdout.write(self.style.SUCCESS("The file and the database agree."))
