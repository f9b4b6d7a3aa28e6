"""manage.py serve: make the database ready and run the web server until Ctrl-C.

That the database answers has been seen to before any command runs (convoai.database.front).
"""

from __future__ import annotations

import importlib.util
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from convoai.database.alone import LOADING_DEMO, alone
from convoai.operations import startup
from convoai.operations.capacity import web_processes, web_threads
from convoai.operations.welcome import welcome


class Command(BaseCommand):
    help = "Make the database ready and run the web server until Ctrl-C."
    requires_system_checks = ()  # run below, so that each problem is one sentence

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=int, default=int(os.environ.get("PORT") or 8000), help="default: 8000"
        )
        parser.add_argument("--host", default="127.0.0.1", help="default: only this machine")
        parser.add_argument("--workers", type=int, help="processes (default: one a core, 2 to 8)")
        parser.add_argument(
            "--no-demo", action="store_true", help="leave a new installation without demo people"
        )
        parser.add_argument(
            "--no-worker",
            action="store_true",
            help="no background worker beside the web server (manage.py qcluster is one)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        web_processes(), web_threads()  # a wrong number is one sentence here, and many in gunicorn
        try:
            startup.require_free_port(host, port)
        except startup.StartupProblem as problem:
            raise CommandError(str(problem)) from None
        self.refuse_on_failed_checks(of_the_database=False)
        try:
            startup.require_storage()
        except startup.StartupProblem as problem:
            raise CommandError(str(problem)) from None
        self.prepare_database(demo=not options["no_demo"])
        self.refuse_on_failed_checks(of_the_database=True)
        # Before anything was collected there, static files come from the packages themselves.
        if settings.STATIC_ROOT:
            Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
        shown = f"[{host}]" if ":" in host else host
        for line in welcome(f"http://{shown}:{port}"):
            self.stdout.write(line)
        self.stdout.flush()
        # The server opens connections of its own.
        connections.close_all()
        # Read by gunicorn.conf.py.
        if options["no_worker"]:
            os.environ["BACKGROUND_WORKER"] = "0"
        os.environ.setdefault("BACKGROUND_WORKER", "1")
        self.start_server(f"{shown}:{port}", options["workers"])

    def refuse_on_failed_checks(self, *, of_the_database: bool) -> None:
        found = startup.failed_checks(of_the_database=of_the_database)
        serious = [message for message in found if message.is_serious()]
        for warning in startup.warnings(found):
            self.stderr.write(f"Warning: {warning}")
        if serious:
            raise CommandError("\n".join(startup.sentence(message) for message in serious))

    def prepare_database(self, *, demo: bool) -> None:
        missing = startup.missing_migrations()
        if missing:
            self.stdout.write(f"Preparing the database ({missing} steps)")
            call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        if not (demo and startup.wants_demo()):
            return
        with alone(LOADING_DEMO):
            # Another process that started at the same time may have been first.
            if startup.wants_demo():
                self.stdout.write("Loading the demo people")
                call_command("loaddata", "demo", verbosity=0, skip_checks=True)

    def start_server(self, bind: str, workers: int | None) -> None:
        """Become the web server, in the foreground. Does not return where gunicorn runs."""
        if importlib.util.find_spec("gunicorn") is None:  # Windows has none
            call_command("runserver", bind, use_reloader=False, skip_checks=True)
            return
        command = [sys.executable, "-m", "gunicorn", "--bind", bind]
        if workers is not None:
            command += ["--workers", str(workers)]
        os.execv(sys.executable, command)
