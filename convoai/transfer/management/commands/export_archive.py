"""manage.py export_archive: everything of one user as one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from convoai.refusals import Refusal
from convoai.transfer.archive.writing import write_archive
from convoai.transfer.owners import owner_of


class Command(BaseCommand):
    help = (
        "Write everything of a user to a zip file: JSON Lines, pictures, and pages to read. "
        "The file appears only when it is complete."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("file", metavar="FILE.zip", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        user, target = owner_of(options["email"]), options["file"]
        bar = tqdm(unit="row", unit_scale=True, disable=None, file=sys.stderr)
        try:
            with bar:
                write_archive(user, target, bar.update)
        except Refusal as refusal:
            message = refusal.message
            if refusal.code == "exists":
                message = f"{target} is there already: give another name, or move it away."
            raise CommandError(message) from None
        except OSError as error:
            raise CommandError(
                f"{target} cannot be written ({error.strerror}): give a file in a folder that "
                "exists, with room for it."
            ) from None
        size = target.stat().st_size
        self.stdout.write(self.style.SUCCESS(f"{target}: {size:,} bytes."))
