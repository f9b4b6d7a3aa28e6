"""manage.py partition: conversations and messages in one table per year or month, and back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from convoai.operations.backup.server import configured_server
from convoai.operations.consent import require_consent
from convoai.operations.partitions.archive import count_period
from convoai.operations.partitions.attaching import attach
from convoai.operations.partitions.changing import Change, apply_change, plan_apply, plan_undo
from convoai.operations.partitions.detaching import detach
from convoai.operations.partitions.ensuring import ensure
from convoai.operations.partitions.periods import Period, period_named
from convoai.operations.partitions.planning import plan_partitions
from convoai.operations.partitions.session import Progress
from convoai.refusals import Refusal


class Command(BaseCommand):
    help = (
        "Keep conversations and messages in one table per year or month of their making "
        "(docs/partitioning.md). Reading and writing go on while the layout changes; a command "
        "that was stopped goes on when it is given again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", metavar="action", required=True)
        plan = actions.add_parser("plan", help="what apply would do; changes nothing")
        apply = actions.add_parser("apply", help="make the partitions")
        undo = actions.add_parser("undo", help="make ordinary tables again")
        for one in (plan, apply):
            one.add_argument("--by", choices=["year", "month"], default="year", help="year")
        makes = actions.add_parser("ensure", help="make the next partitions; the worker does daily")
        makes.add_argument(
            "--move", action="store_true", help="also for rows that lie in the default partition"
        )
        out = actions.add_parser("detach", help="move an old period into the archive, as it is")
        back = actions.add_parser("attach", help="bring a detached period back")
        for one in (out, back):
            one.add_argument("period", metavar="PERIOD", help="2021, or 2021-05 for a month")
        for one in (apply, undo, out):
            _consent(one)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        except psycopg2.Error as error:
            said = str(error).strip().partition("\n")[0].rstrip(".") or "it gave no reason"
            raise CommandError(
                f"The database refused: {said}. What was done is kept: when that is mended, the "
                "same command goes on."
            ) from None
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. What was done is kept: the same command goes on."
            ) from None

    def _plan(self, options: dict[str, Any]) -> None:
        plan = plan_partitions(server=configured_server(), by=options["by"])
        for line in plan.lines():
            self.stdout.write(line)

    def _apply(self, options: dict[str, Any]) -> None:
        self._change(plan_apply(server=configured_server(), by=options["by"]), options)

    def _undo(self, options: dict[str, Any]) -> None:
        self._change(plan_undo(server=configured_server()), options)

    def _ensure(self, options: dict[str, Any]) -> None:
        made = ensure(server=configured_server(), move=options["move"])
        self.stdout.write(f"Made {', '.join(made)}." if made else "All partitions are there.")

    def _detach(self, options: dict[str, Any]) -> None:
        period, server = _period(options), configured_server()
        self.stdout.write(f"{period.name}: {count_period(server=server, period=period)}.")
        self.stdout.write(
            "They leave the application for the schema convoai_archive of this database, as they "
            "are: no list or search shows them. The facts stay, with their quotes, without the "
            f"links. `manage.py partition attach {options['period']}` brings all of it back."
        )
        if self._agreed(options):
            with bar() as progress:
                taken = detach(server=server, period=period, progress=progress)
            self.stdout.write(self.style.SUCCESS(f"Detached {taken}."))

    def _attach(self, options: dict[str, Any]) -> None:
        period = _period(options)
        with bar() as progress:
            attach(server=configured_server(), period=period, progress=progress)
        self.stdout.write(self.style.SUCCESS(f"{period.name} is back, with links and references."))

    def _change(self, change: Change, options: dict[str, Any]) -> None:
        for line in change.lines:
            self.stdout.write(line)
        if self._agreed(options):
            with bar() as progress:
                done = apply_change(change, server=configured_server(), progress=progress)
            self.stdout.write(self.style.SUCCESS(done))

    def _agreed(self, options: dict[str, Any]) -> bool:
        if options["dry_run"]:
            self.stdout.write("Nothing was changed (--dry-run).")
            return False
        if options["yes"]:
            return True
        require_consent("Go on?", action="go on")
        return True


def _period(options: dict[str, Any]) -> Period:
    try:
        return period_named(options["period"])
    except ValueError:
        raise CommandError(
            "The period is a year such as 2021, or a month such as 2021-05."
        ) from None


def _consent(parser: Any) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="print the plan only")


@contextmanager
def bar() -> Iterator[Progress]:
    """A progress bar on standard error."""
    with tqdm(disable=None, file=sys.stderr) as shown:

        def progress(what: str, done: int, total: int) -> None:
            shown.total = max(total, 1)
            shown.n = min(done, shown.total)
            shown.set_description(what, refresh=False)
            shown.refresh()

        yield progress
