"""manage.py analyze: understand the talks that are not yet, one after the other."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone
from tqdm import tqdm

from conversations.models import Conversation
from convoai.accounts.models import User
from convoai.analysis.many import MOST_ALIKE, Outcome, Patience, understand_one
from convoai.interruption import Interruption
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
        parser.add_argument(
            "--before",
            type=moment,
            metavar="TIME",
            help="with --force: leave out those understood since; goes on after a Ctrl-C",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        force, before = options["force"], options["before"]
        if before and not force:
            raise CommandError("--before goes with --force; without it nothing is done twice.")
        begun = timezone.now()
        talks = chosen_talks(options["partner"], options["owner"], every=options["all"])
        if not force:
            talks = talks.filter(is_analyzed=False)
        elif before:
            talks = talks.exclude(is_analyzed=True, analyzed_at__gte=before)
        # Numbers only: the talks of years would not fit into memory.
        waiting = list(talks.order_by("started_at", "pk").values_list("pk", flat=True))
        if not waiting:
            self.stdout.write("Nothing to do: every talk is analysed.")
            return
        # Without a terminal there is no bar, only the last line.
        bar = tqdm(waiting, unit="talk", disable=None, file=sys.stderr)
        outcomes: list[Outcome] = []
        patience = Patience()
        with Interruption() as interruption:
            for pk in bar:
                outcome = understand_one(pk, force=force)
                outcomes.append(outcome)
                patience.note(outcome)
                if outcome.failure:
                    bar.clear()
                    self.stderr.write(f"Conversation {pk}: {outcome.failure}")
                if interruption.is_asked or patience.lost_over:
                    break
        bar.close()
        since = f"{before or begun:%Y-%m-%dT%H:%M:%SZ}"
        how = f"The same command{f' with --before {since}' if force else ''} goes on."
        left = len(waiting) - len(outcomes)
        self.report(outcomes, left=left, lost_over=patience.lost_over, how=how)

    def report(
        self, outcomes: list[Outcome], *, left: int, lost_over: str | None, how: str
    ) -> None:
        """The last line; `how` says what does the rest.

        Raises CommandError when talks failed, SystemExit after Ctrl-C.
        """
        done = sum(outcome.understood for outcome in outcomes)
        failed = sum(outcome.failure is not None for outcome in outcomes)
        wordless = len(outcomes) - done - failed
        if lost_over:
            raise CommandError(
                f"{done} analysed, {failed} failed, {left} left. Stopped after {MOST_ALIKE} in a "
                f"row with the same reason ({lost_over}): mend that and run it again."
            )
        if left:
            self.stderr.write(f"Stopped: {done} analysed, {left} left. {how}")
            raise SystemExit(130)
        empty = f", {wordless} without words" if wordless else ""
        if failed:
            raise CommandError(f"{done} analysed{empty}, {failed} failed: run it again for those.")
        self.stdout.write(self.style.SUCCESS(f"{done} analysed{empty}."))


def moment(text: str) -> datetime:
    """A time as people type it; without a zone it is UTC. Raises ArgumentTypeError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("give a time such as 2026-03-01T12:00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


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
