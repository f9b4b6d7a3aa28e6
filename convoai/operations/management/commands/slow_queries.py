"""manage.py slow_queries: which statements take the time, and what to do about it."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.report import lines
from convoai.operations.doctor.server import connected
from convoai.operations.findings import exit_code
from convoai.operations.models import StatementTimes
from convoai.operations.statements.examination import slow_statements
from convoai.operations.statements.report import table
from convoai.operations.statements.resetting import reset_statistics
from convoai.operations.statements.storing import KEPT_DAYS, today

MOST = 1_000


class Command(BaseCommand):
    help = (
        "Show which statements take the most time of the database, by route: from the server's "
        "pg_stat_statements where it is on (and how to switch it on), else from convoai's own "
        "record. Shows no values. Exit code 0: nothing is slow, 1: something is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for monitors")
        parser.add_argument("--limit", type=limit, default=20, help="how many; 20 when left out")
        parser.add_argument(
            "--since",
            type=day,
            metavar="DAY",
            help=f"from convoai's own record: 2026-11-20, or 3d for three days; at most "
            f"{KEPT_DAYS} days are kept",
        )
        parser.add_argument("--own", action="store_true", help="always convoai's own record")
        parser.add_argument(
            "--reset", action="store_true", help="forget the figures, to measure from now on"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        here = Installation(settings.DATABASES["default"])
        if options["reset"]:
            if StatementTimes._meta.db_table not in connection.introspection.table_names():
                raise CommandError("There is no record yet: run `manage.py migrate`.")
            for line in reset_statistics(here):
                self.stdout.write(line)
            return
        with connected(here.database) as server:
            found = slow_statements(
                server, here, limit=options["limit"], since=options["since"], own=options["own"]
            )
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json(), indent=2, default=str))
        else:
            for line in (*table(found.statements), *lines(found.findings)):
                self.stdout.write(line)
        sys.exit(exit_code(found.findings))


def limit(text: str) -> int:
    """How many statements. Raises ArgumentTypeError."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MOST:
        raise ArgumentTypeError(f"give a number from 1 to {MOST:,}")
    return int(text)


def day(text: str) -> date:
    """The first day: a date, or how many days back, today among them. Raises ArgumentTypeError."""
    number = text.removesuffix("d")
    if number != text and number.isascii() and number.isdigit() and 1 <= int(number[:9]) <= 999:
        return today() - timedelta(days=int(number) - 1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("give a day as 2026-11-20, or 3d for three days") from None
