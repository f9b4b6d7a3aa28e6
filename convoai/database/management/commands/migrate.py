"""manage.py migrate: Django's, one at a time, and with short waits for locks that are tried again.

See docs/migrations.md.
"""

from __future__ import annotations

import random
import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import OperationalError, connections

from convoai.database.alone import MIGRATING, alone
from convoai.database.transactions import sqlstate

# Lock not available within lock_timeout, deadlock detected.
LOCKED = frozenset({"55P03", "40P01"})
# Seconds between two tries: long enough for those who queued behind the first one.
PAUSE = 1.0


class Command(MigrateCommand):
    help = (
        f"{MigrateCommand.help} Only one process migrates a database at a time. Waits for locks "
        "are short, so that nobody is held up behind them, and are tried again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--patience",
            type=float,
            default=300.0,
            metavar="SECONDS",
            help="how long to go on trying while a table is in use; default: 300",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        patience = options.pop("patience", 300.0)
        if not patience >= 0:
            raise CommandError("--patience must be 0 or more seconds.")
        if options.get("plan") or options.get("check_unapplied"):
            super().handle(*args, **options)
            return
        with alone(MIGRATING, database=options["database"], waiting=self._tell):
            self._migrate(args, options, until=time.monotonic() + patience)

    def _tell(self) -> None:
        self.stderr.write("Another process migrates this database: waiting for it.")

    def _migrate(self, args: tuple[Any, ...], options: dict[str, Any], *, until: float) -> None:
        while True:
            try:
                super().handle(*args, **options)
                return
            except OperationalError as error:
                # Inside another transaction everything before is lost as well.
                lost = connections[options["database"]].in_atomic_block
                if sqlstate(error) not in LOCKED or lost:
                    raise
                if time.monotonic() > until:
                    raise CommandError(
                        "A table that must be changed is in use all the time. The migration was "
                        "taken back as a whole: `manage.py doctor` names long transactions; wait "
                        "for them or end them, then run `manage.py migrate` again."
                    ) from error
            time.sleep(PAUSE * (0.5 + random.random()))  # noqa: S311 - no secret
