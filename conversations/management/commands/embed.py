"""manage.py embed: give messages their vectors, some hundreds at a time."""

from __future__ import annotations

import sys
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from conversations.models import Message
from conversations.services.embedding import embed_messages, messages_after, waiting_messages
from convoai.accounts.models import User
from convoai.embedding.choice import embedder
from convoai.embedding.embedder import Embedder, EmbeddingFailed
from convoai.interruption import Interruption


class Command(BaseCommand):
    help = (
        "Give messages the vectors by which search finds them by meaning, from the model that "
        "EMBEDDER names. After Ctrl-C the same command goes on where it stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--missing",
            action="store_true",
            help="those without a vector of this model (the default)",
        )
        which.add_argument("--all", action="store_true", help="embed all of them anew")
        parser.add_argument("--owner", metavar="EMAIL", help="only messages of this user")
        parser.add_argument(
            "--after", type=int, metavar="ID", help="with --all: go on after this message"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = self.chosen_embedder()
        owner = owner_named(options["owner"])
        if options["after"] is not None and not options["all"]:
            raise CommandError("--after goes with --all; without them the rest is found by itself.")
        messages = Message.objects.all() if owner is None else Message.objects.owned_by(owner)
        last = options["after"] or 0
        if options["all"]:
            total = messages.filter(pk__gt=last).count()
        else:
            total = messages.not_embedded(chosen.name).count()
        if not total:
            self.stdout.write(f"Nothing to do: every message is embedded by {chosen.name}.")
            return
        done = 0
        # Without a terminal there is no bar, only the last line.
        bar = tqdm(total=total, unit="message", disable=None, file=sys.stderr)
        with Interruption() as interruption, bar:
            while not interruption.is_asked:
                whose = owner.pk if owner else None
                if options["all"]:
                    batch = messages_after(last, owner_id=whose)
                else:
                    batch = waiting_messages(chosen.name, owner_id=whose)
                if not batch:
                    break
                try:
                    done += embed_messages(chosen, batch)
                except EmbeddingFailed as error:
                    bar.close()
                    raise CommandError(f"{done} embedded, then {error}. Run it again.") from None
                last = max(one.id for one in batch)
                bar.update(len(batch))
        if interruption.is_asked and done < total:
            again = f" --after {last}" if options["all"] else ""
            self.stderr.write(f"Stopped: {done} embedded. Go on with the same command{again}.")
            raise SystemExit(130)
        self.stdout.write(self.style.SUCCESS(f"{done} embedded by {chosen.name}."))

    def chosen_embedder(self) -> Embedder:
        try:
            chosen = embedder()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        if chosen is None:
            raise CommandError("EMBEDDER=none: there is nothing to embed with.")
        return chosen


def owner_named(email: str | None) -> User | None:
    """The user of that address. Raises CommandError."""
    if email is None:
        return None
    user: User | None = User.objects.filter(email__iexact=email).first()
    if user is None:
        raise CommandError(f"There is no user {email}.")
    return user
