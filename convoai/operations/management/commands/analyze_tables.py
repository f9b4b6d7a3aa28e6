"""manage.py analyze_tables: fresh figures for PostgreSQL to plan with."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from convoai.operations.analyzing import (
    Condition,
    NoSuchTable,
    Outcome,
    analyze_tables,
    chosen_tables,
    conditions,
    judge,
    writing_connection,
)
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.report import lines
from convoai.operations.findings import exit_code

ABOUT = (
    "PostgreSQL chooses its plans by figures about each table. This makes them anew from a sample "
    "of the rows; readers and writers go on meanwhile, and nothing has to be taken back."
)


class Command(BaseCommand):
    help = (
        "Have PostgreSQL make its figures about convoai's tables anew (ANALYZE), which it chooses "
        "plans by; with --vacuum also clear dead rows. Nobody has to wait meanwhile. It does both "
        "by itself now and then: use this after an import or when a plan looks wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--vacuum", action="store_true", help="also clear dead rows, which reads more"
        )
        parser.add_argument(
            "--table", action="append", default=[], metavar="NAME", help="only this; repeatable"
        )
        parser.add_argument("--dry-run", action="store_true", help="only tell what there is to do")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        here = Installation(settings.DATABASES["default"])
        as_json, vacuum = options["json"], options["vacuum"]
        with writing_connection() as (server, driver):
            try:
                tables = chosen_tables(server, options["table"])
            except NoSuchTable as problem:
                raise CommandError(str(problem)) from problem
            if options["dry_run"]:
                self._tell(conditions(server, tables), as_json=as_json)
                return
            if not as_json:
                self.stdout.write(ABOUT)
            outcomes = []
            for outcome in analyze_tables(server, driver, tables, vacuum=vacuum):
                outcomes.append(outcome)
                if not as_json:
                    self.stdout.write(line(outcome))
        findings = list(judge(outcomes, here, vacuum=vacuum))
        if as_json:
            told = {
                "findings": [one.as_json() for one in findings],
                "tables": [one.as_json() for one in outcomes],
            }
            self.stdout.write(json.dumps(told, indent=2, default=str))
        else:
            for told_line in lines(findings):
                self.stdout.write(told_line)
        sys.exit(exit_code(findings))

    def _tell(self, found: list[Condition], *, as_json: bool) -> None:
        if as_json:
            tables = [{"reason": one.reason, "before": asdict(one)} for one in found]
            self.stdout.write(json.dumps({"findings": [], "tables": tables}, indent=2, default=str))
            return
        for one in found:
            self.stdout.write(f"{one.table:<28} {one.reason}")


def line(outcome: Outcome) -> str:
    """One table: why, and its figures before and after."""
    before, after = outcome.before, outcome.after
    told = (
        f"{before.table:<28} {before.reason}; figures {age(before)} -> {age(after)}, dead rows "
        f"{before.dead_rows:,} -> {after.dead_rows:,}, {outcome.seconds:.1f} s"
    )
    return f"{before.table:<28} not done: {outcome.problem}" if outcome.problem else told


def age(condition: Condition) -> str:
    """How old the figures of a table are."""
    if condition.analyzed_at is None:
        return "missing"
    seconds = max((timezone.now() - condition.analyzed_at).total_seconds(), 0)
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} old"
    return "fresh"
