"""manage.py doctor: look at the whole installation and say what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from convoai.operations.doctor.examination import examine
from convoai.operations.doctor.report import as_json, lines
from convoai.operations.findings import Finding, exit_code


class Command(BaseCommand):
    help = (
        "Look at database, settings, folders and services, and say what to do. Starts and changes "
        "nothing. Exit code 0: all is well, 1: warnings, 2: errors."
    )
    # They are part of the examination.
    requires_system_checks: list[str] = []
    examination: Callable[[], list[Finding]] = staticmethod(examine)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for monitors")
        parser.add_argument("--problems", action="store_true", help="only warnings and errors")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = self.examination()
        if options["json"]:
            self.stdout.write(as_json(findings))
        else:
            for line in lines(findings, everything=not options["problems"]):
                self.stdout.write(line)
        sys.exit(exit_code(findings))
