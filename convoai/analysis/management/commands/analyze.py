"""manage.py analyze: understand the talks that are not yet, one after the other."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.db.models import QuerySet
from tqdm import tqdm

from conversations.models import Conversation
from convoai.accounts.models import User
from convoai.analysis.services import analyze_conversation
from convoai.database.transactions import sqlstate
from convoai.interruption import Interruption
from convoai.refusals import Refusal
from partners.models import ConversationPartner


class Command(BaseCommand):
    help = (
        "Understand the talks that are not yet, oldest first. Each is stored by itself: after "
        "Ctrl-C the same command goes on where it stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--partner", type=int, metavar="ID", help="talks with this partner")
        parser.add_argument("--all", action="store_true", help="talks with everybody")
        parser.add_argument("--owner", metavar="EMAIL", help="only talks of this user")
        parser.add_argument(
            "--force",
            action="store_true",
            help="also those understood before; replaces what nobody confirmed or corrected",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        force = options["force"]
        talks = chosen_talks(options["partner"], options["owner"], every=options["all"])
        if not force:
            talks = talks.filter(is_analyzed=False)
        # Numbers only: the talks of years would not fit into memory.
        waiting = list(talks.order_by("started_at", "pk").values_list("pk", flat=True))
        if not waiting:
            self.stdout.write("Nothing to do: every talk is analysed.")
            return
        done = wordless = failed = 0
        # Without a terminal there is no bar, only the last line.
        bar = tqdm(waiting, unit="talk", disable=None, file=sys.stderr)
        with Interruption() as interruption:
            for pk in bar:
                try:
                    understood = analyze_one(pk, force=force)
                except TalkFailed as failure:
                    failed += 1
                    bar.clear()
                    self.stderr.write(str(failure))
                else:
                    done += understood
                    wordless += not understood
                if interruption.is_asked:
                    break
        bar.close()
        left = len(waiting) - done - wordless - failed
        if left:
            self.stderr.write(f"Stopped: {done} analysed, {left} left. The same command goes on.")
            raise SystemExit(130)
        empty = f", {wordless} without words" if wordless else ""
        if failed:
            raise CommandError(f"{done} analysed{empty}, {failed} failed: run it again for those.")
        self.stdout.write(self.style.SUCCESS(f"{done} analysed{empty}."))


class TalkFailed(Exception):
    """One talk could not be understood; the message says which and why, without its words."""


def analyze_one(pk: int, *, force: bool) -> bool:
    """Understand a talk; return whether there was something to understand.

    A talk that is gone or was understood meanwhile counts as such. Raises TalkFailed, and
    OperationalError when the database has gone away.
    """
    talk = Conversation.objects.with_partner().select_related("user").filter(pk=pk).first()
    if talk is None:
        return False
    try:
        return analyze_conversation(conversation=talk, force=force).sentiment != "unknown"
    except Refusal as refusal:
        if refusal.code == "already_analyzed":
            return True
        raise TalkFailed(f"Conversation {pk}: {refusal.message}") from None
    except Exception as error:
        # Whatever is wrong with one talk, the others go on.
        if isinstance(error, OperationalError) and is_gone(error):
            raise
        # Not the exception's own text, which may quote the talk.
        raise TalkFailed(
            f"Conversation {pk}: the analysis failed ({type(error).__name__})."
        ) from None


def is_gone(error: OperationalError) -> bool:
    """Whether the connection is what failed: no answer from the server, or its farewell."""
    return (sqlstate(error) or "08").startswith(("08", "57P"))


def chosen_talks(partner: int | None, owner: str | None, *, every: bool) -> QuerySet[Conversation]:
    """The talks that the arguments mean. Raises CommandError with what to give instead."""
    if every == (partner is not None):
        raise CommandError("Give either --partner ID or --all.")
    talks: QuerySet[Conversation] = Conversation.objects.all()
    partners = ConversationPartner.objects.all()
    if owner is not None:
        user = User.objects.filter(email__iexact=owner).first()
        if user is None:
            raise CommandError(f"There is no user {owner}.")
        talks, partners = Conversation.objects.owned_by(user), partners.owned_by(user)
    if partner is None:
        return talks
    if not partners.filter(pk=partner).exists():
        whose = f" of {owner}" if owner else ""
        raise CommandError(f"There is no partner {partner}{whose}.")
    return talks.filter(partner_id=partner)
