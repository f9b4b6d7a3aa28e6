"""manage.py production_check: what is not yet right for a server that others reach."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from convoai.operations.doctor.report import as_json, lines
from convoai.operations.findings import exit_code
from convoai.operations.production import examine_for_production


class Command(BaseCommand):
    help = (
        "Look at this installation as a server for others: all that doctor looks at, more "
        "strictly, with Django's deployment checks. Starts and changes nothing. Exit code 0: all "
        "is well, 1: warnings, 2: errors."
    )
    # They are part of the examination.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for monitors")
        parser.add_argument("--problems", action="store_true", help="only warnings and errors")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine_for_production()
        if options["json"]:
            self.stdout.write(as_json(findings))
        else:
            for line in lines(findings, everything=not options["problems"]):
                self.stdout.write(line)
        sys.exit(exit_code(findings))
