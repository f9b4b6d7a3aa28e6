"""manage.py sweep_images: remove pictures that no partner has any more."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from convoai.storage.choice import media
from partners.images import unclaimed_images
from partners.models import ConversationPartner


class Command(BaseCommand):
    help = "Remove stored pictures that no partner has (left by a crash or by raw SQL)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only list them")

    def handle(self, *args: Any, **options: Any) -> None:
        partners = ConversationPartner.objects.exclude(image_path=None)
        claimed = set(partners.values_list("image_path", flat=True))
        place = media()
        try:
            found = unclaimed_images(claimed)
            for name in found:
                self.stdout.write(name)
                if not options["dry_run"]:
                    place.remove(name)
        except OSError as problem:
            raise CommandError(f"{place.where} cannot be swept: {problem}") from None
        done = "would be removed" if options["dry_run"] else "removed"
        self.stdout.write(f"{len(found)} pictures {done}; {len(claimed)} belong to partners.")
