"""manage.py explain: how PostgreSQL answers what a route asks it, on today's data."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError

from convoai.database.transactions import sqlstate
from convoai.operations.doctor.report import lines as finding_lines
from convoai.operations.explain.explaining import WORDS, explain_read
from convoai.operations.explain.named import NAMED
from convoai.operations.explain.problem import ExplainProblem
from convoai.operations.explain.report import lines
from convoai.operations.explain.routes import reading_routes
from convoai.operations.findings import exit_code

NO_TABLE = "42P01"


class Command(BaseCommand):
    help = (
        "Run a route or a named read as a user and show, for every statement of it, PostgreSQL's "
        "plan: which tables it reads, by which index, in which time. Changes nothing, and prints "
        "no values. Exit code 1: a big table is read as a whole, or an estimate is far off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "read",
            nargs="?",
            metavar="ROUTE|SQLNAME",
            help="'GET /api/conversations', /api/partners/7, the name of a route, or a named read",
        )
        parser.add_argument("--user", default="", metavar="EMAIL", help="else who has most rows")
        parser.add_argument(
            "--words", default=WORDS, help=f"what is looked for in searches; '{WORDS}'"
        )
        parser.add_argument(
            "--analyze",
            action="store_true",
            help="run each statement once more, and tell real rows and times of each step",
        )
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument("--list", action="store_true", help="what can be explained")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            for name, told in catalogue():
                self.stdout.write(f"{name:<46} {told}")
            return
        if not options["read"]:
            raise CommandError("Name a route or a read; `manage.py explain --list` lists them.")
        try:
            found = explain_read(
                options["read"],
                email=options["user"],
                words=options["words"],
                analyze=options["analyze"],
            )
        except ExplainProblem as problem:
            raise CommandError(str(problem)) from problem
        except ProgrammingError as problem:
            if sqlstate(problem) != NO_TABLE:
                raise
            message = "The database lacks tables of convoai: run `manage.py migrate`."
            raise CommandError(message) from problem
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json(), indent=2, default=str))
        else:
            bad = {
                str(one.evidence["table"])
                for one in found.findings
                if one.id == "explain.sequential"
            }
            for line, is_bad in lines(found, bad):
                self.stdout.write(self.style.ERROR(line) if is_bad else line)
            for line in finding_lines(found.findings):
                self.stdout.write(line)
        sys.exit(exit_code(found.findings))


def catalogue() -> list[tuple[str, str]]:
    """What can be explained, and what it is."""
    routes = [(f"GET {route}", name) for route, name in reading_routes()]
    return [*routes, *((name, named.told) for name, named in NAMED.items())]
