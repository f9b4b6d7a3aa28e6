"""manage.py checklist: show by doing it that this installation works."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from convoai.operations.checklist.points import run_checklist
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.report import as_json, lines
from convoai.operations.findings import Finding, exit_code


class Command(BaseCommand):
    help = (
        "Go through ten points, with a web server of its own on a free port and a user who is "
        "deleted afterwards. Exit code 0: all pass, 2: not."
    )
    # They are the fifth point.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for monitors")

    def handle(self, *args: Any, **options: Any) -> None:
        findings: list[Finding] = []
        for finding in run_checklist(Installation(settings.DATABASES["default"])):
            findings.append(finding)
            if not options["json"]:
                for line in list(lines([finding]))[:-1]:
                    self.stdout.write(line)
                self.stdout.flush()
        if options["json"]:
            self.stdout.write(as_json(findings))
        sys.exit(exit_code(findings))
