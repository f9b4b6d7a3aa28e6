"""manage.py tune: settings of the server for the machine it runs on, with their reasons."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from convoai.database.preflight import require_database
from convoai.operations.consent import agrees, require_consent
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.report import as_json
from convoai.operations.doctor.server import connected
from convoai.operations.findings import Finding, exit_code, ok, warning
from convoai.operations.tuning.advice import Purpose
from convoai.operations.tuning.looking import look
from convoai.operations.tuning.report import applied, findings, lines, not_applied
from convoai.operations.tuning.units import MB, TB, parse_size
from convoai.refusals import Refusal

LEAST, MOST = 256 * MB, 64 * TB


class Command(BaseCommand):
    help = (
        "Say which settings of PostgreSQL suit this machine, each with its reason; --apply sets "
        "them, --undo puts back what was there before. Without these, nothing is changed."
    )
    # --undo must work when nothing else does.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        doing = parser.add_mutually_exclusive_group()
        doing.add_argument("--apply", action="store_true", help="change them, after asking")
        doing.add_argument("--undo", action="store_true", help="put back what --apply replaced")
        parser.add_argument("--yes", action="store_true", help="do not ask; restart when needed")
        parser.add_argument(
            "--no-restart", action="store_true", help="leave what needs one to the next restart"
        )
        parser.add_argument("--dry-run", action="store_true", help="print the plan only")
        parser.add_argument("--json", action="store_true", help="for monitors")
        parser.add_argument("--memory", metavar="SIZE", help="of the server's machine: 512MB, 16GB")
        parser.add_argument("--cores", metavar="N", help="of the server's machine")
        parser.add_argument("--disk", metavar="KIND", help="of the server's machine: ssd or hdd")
        parser.add_argument(
            "--for",
            dest="purpose",
            metavar="PURPOSE",
            help="web: it answers people; load: it is being filled; shared: other programs, such "
            "as a browser, need half of it (what is assumed of the bundled server)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        here = Installation(settings.DATABASES["default"])
        self._options = options
        told = _told(options)
        if (
            options["json"]
            and (options["apply"] or options["undo"])
            and not (options["yes"] or options["dry_run"])
        ):
            raise CommandError("--json asks no questions: add --yes or --dry-run.")
        try:
            found = self._undo(here) if options["undo"] else self._tune(here, told)
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        if options["json"]:
            self.stdout.write(as_json(found))
        sys.exit(exit_code(found))

    def _tune(self, here: Installation, told: dict[str, Any]) -> list[Finding]:
        require_database()
        with connected(here.database) as server:
            recommended = look(server, here, **told)
            names = {name for (name,) in server.rows("SELECT name FROM pg_settings")}
        self._print(lines(recommended, here))
        if not self._options["apply"]:
            self._say_what_next(bool(recommended.to_change or recommended.tables))
            return findings(recommended, here)
        from convoai.operations.tuning.administering import administering
        from convoai.operations.tuning.applying import apply
        from convoai.operations.tuning.planning import plan

        with administering(here) as administrator:
            planned = plan(recommended, here, administrator)
        found = not_applied(planned, names)
        if planned.is_empty:
            self._print(["", "There is nothing to change." if not found else ""])
        else:
            self._print(["", "The plan:", *(f"  {line}" for line in planned.lines())])
            self._print(["  The way back: `manage.py tune --undo`."])
            if self._options["dry_run"]:
                self._print(["Nothing was changed (--dry-run)."])
                return findings(recommended, here)
            self._confirm("Change these settings?")
            proof = apply(planned, Path(settings.DATA_DIR), may_restart=self._may_restart)
            # This process's own connections are those of before the restart.
            connection.close()
            found = applied(planned, proof, names)
        self._print(["", *_told_lines(found)])
        return found or findings(recommended, here)

    def _undo(self, here: Installation) -> list[Finding]:
        from convoai.operations.tuning.undoing import is_down, plan_undo, undo

        data_dir = Path(settings.DATA_DIR)
        if not is_down(here):
            require_database()
        planned = plan_undo(here, data_dir)
        if planned.is_empty:
            self._print(["There is nothing to undo: `tune --apply` has changed nothing here."])
            return [ok("tune.undo", "There is nothing to undo.")]
        self._print(["The plan:", *(f"  {line}" for line in planned.lines())])
        if planned.needs_restart:
            self._print([f"  then a restart of the server: {here.restart()}"])
        if self._options["dry_run"]:
            self._print(["Nothing was changed (--dry-run)."])
            return [ok("tune.undo", "Nothing was changed.")]
        self._confirm("Put back what was there before?")
        in_force = undo(planned, data_dir, may_restart=self._may_restart)
        if in_force:
            found = ok("tune.undo", "The settings are those of before.")
        else:
            hint = f"At a quiet moment: {here.restart()}."
            found = warning("tune.undo", "Put back; some wait for a restart.", hint)
        self._print(_told_lines([found]))
        return [found]

    def _may_restart(self) -> bool:
        if self._options["no_restart"]:
            return False
        return bool(self._options["yes"]) or agrees(
            "Restart PostgreSQL now? Requests under way are answered 503."
        )

    def _confirm(self, question: str) -> None:
        if not self._options["yes"]:
            require_consent(question, action="do it")

    def _say_what_next(self, is_something: bool) -> None:
        if not is_something:
            self._print(["", "Everything is as it should be: nothing to do."])
        else:
            self._print(["", "`manage.py tune --apply` asks, then changes these."])

    def _print(self, what: Iterable[str]) -> None:
        if not self._options["json"]:
            for line in what:
                self.stdout.write(line)


def _told_lines(found: list[Finding]) -> Iterable[str]:
    for one in found:
        yield f"{one.level.word:<8} {one.message}"
        if one.hint:
            yield f"{'->':>11} {one.hint}"


def _told(options: dict[str, Any]) -> dict[str, Any]:
    """What the arguments say of the machine. Raises CommandError with one sentence."""
    memory, cores, disk = options["memory"], options["cores"], options["disk"]
    size = None if memory is None else parse_size(str(memory))
    if memory is not None and (size is None or not LEAST <= size <= MOST):
        raise CommandError("--memory must be a size from 256MB to 64TB, such as 16GB.")
    if cores is not None and not (
        str(cores).isascii() and str(cores).isdigit() and 0 < int(cores) <= 4096
    ):
        raise CommandError("--cores must be a number from 1 to 4096.")
    if disk not in {None, "ssd", "hdd"}:
        raise CommandError("--disk must be ssd or hdd.")
    if options["purpose"] not in {None, *Purpose}:
        raise CommandError("--for must be web, load or shared.")
    return {
        "memory": size,
        "cores": None if cores is None else int(cores),
        "disk": disk,
        "purpose": None if options["purpose"] is None else Purpose(options["purpose"]),
    }
