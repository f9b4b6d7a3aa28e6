"""manage.py database start|stop|status|shell|logs."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from convoai.database.preflight import require_database
from convoai.database.status import address, database_status


class Command(BaseCommand):
    help = "Start, stop and look at the database."
    # `stop` and `logs` must work when nothing else does.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="action")
        actions.add_parser("start", help="start the bundled PostgreSQL, making it when it is new")
        actions.add_parser("stop", help="stop it; nothing starts it by itself afterwards")
        actions.add_parser("status", help="where it is, whether it runs, versions, pool")
        shell = actions.add_parser("shell", help="psql in the database")
        shell.add_argument("--superuser", action="store_true", help="as the bundled superuser")
        shell.add_argument("parameters", nargs="*", help="for psql, after --")
        logs = actions.add_parser("logs", help="the end of the bundled server's log")
        logs.add_argument("-n", "--lines", type=int, default=50, help="how many lines (50)")

    def handle(self, *args: Any, **options: Any) -> None:
        actions: dict[str, Callable[[], None]] = {
            "start": self._start,
            "stop": self._stop,
            "status": self._status,
            "shell": lambda: self._shell(options["parameters"], options["superuser"]),
            "logs": lambda: self._logs(options["lines"]),
        }
        actions[options["action"]]()

    def _start(self) -> None:
        from convoai.database.bundled import start

        place = start(self._own_data_dir("start"))
        self.stdout.write(f"The bundled PostgreSQL runs; its data is in {place.home}.")

    def _stop(self) -> None:
        from convoai.database.bundled import stop

        stopped = stop(self._own_data_dir("stop"))
        self.stdout.write(
            "The bundled PostgreSQL has stopped."
            if stopped
            else "The bundled PostgreSQL was not running."
        )

    def _status(self) -> None:
        runs, lines = database_status(settings.DATABASES["default"])
        for name, value in lines:
            self.stdout.write(f"{name:<12} {value}")
        if not runs:
            sys.exit(1)

    def _shell(self, parameters: list[str], superuser: bool) -> None:
        require_database()
        if superuser:
            from convoai.database.cluster import SUPERUSER

            self._own_data_dir("open as its superuser")
            connection.settings_dict["USER"] = SUPERUSER
        connection.client.runshell(parameters)

    def _logs(self, count: int) -> None:
        from convoai.database.place import find_place

        log = find_place(self._own_data_dir("show the log of")).log
        if not log.exists():
            raise CommandError(f"There is no log yet: {log} is written at the first start.")
        with log.open(errors="replace") as file:
            self.stdout.writelines(deque(file, maxlen=max(count, 0)))

    def _own_data_dir(self, what: str) -> Path:
        values: dict[str, Any] = settings.DATABASES["default"]
        if "BUNDLED_DATA_DIR" not in values:
            raise CommandError(
                f"The database is at {address(values)} (DATABASE_URL), which is not convoai's to "
                f"{what}: use that server's own tools."
            )
        return Path(values["BUNDLED_DATA_DIR"])
