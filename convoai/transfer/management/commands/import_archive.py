"""manage.py import_archive: an archive into an empty account or a living one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from convoai.refusals import Refusal
from convoai.transfer.archive.loading import Loaded, load_archive
from convoai.transfer.archive.opening import OpenArchive
from convoai.transfer.owners import owner_of


class Command(BaseCommand):
    help = (
        "Take an archive of export_archive into an account: all of it or nothing. What the "
        "account holds already stays as it is, so that the same archive twice changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.zip", type=Path)
        parser.add_argument(
            "--owner",
            metavar="EMAIL",
            help="who takes it in; default: the user of the archive's email address",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}: give the path of an archive.")
        bar = tqdm(unit="row", unit_scale=True, disable=None, file=sys.stderr)
        try:
            with OpenArchive(path) as archive, bar:
                owner = owner_of(options["owner"] or archive.email)
                loaded = load_archive(archive=archive, owner=owner, progress=bar.update)
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        self._tell(loaded)

    def _tell(self, loaded: Loaded) -> None:
        for name, added in loaded.added.items():
            there = loaded.there[name]
            self.stdout.write(f"{name}: {added} added{f', {there} there already' if there else ''}")
        if loaded.closed:
            self.stdout.write(
                f"{loaded.closed} facts were taken in as past ones: the account knows a current "
                "value of the same key."
            )
        self.stdout.write(self.style.SUCCESS("The archive is in."))
