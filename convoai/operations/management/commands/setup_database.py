"""manage.py setup_database: make role, database and extension on a fresh server."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from convoai.database.place import DATABASE, ROLE
from convoai.operations.database_setup.problem import SetupProblem
from convoai.operations.database_setup.setting_up import set_up


class Command(BaseCommand):
    help = (
        "Make role, database, extension and rights on a PostgreSQL server, and print the "
        "DATABASE_URL. Run again, it does what is missing."
    )
    # It is run before the database of the settings is there.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--admin-url",
            required=True,
            help="postgresql://administrator@host:5432/postgres; give the password in PGPASSWORD "
            "or ~/.pgpass, where no list of processes shows it",
        )
        parser.add_argument("--role", default=ROLE, help=f"default: {ROLE}")
        parser.add_argument("--database", default=DATABASE, help=f"default: {DATABASE}")
        parser.add_argument(
            "--new-password", action="store_true", help="also when the role is there already"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what is missing, do nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        steps: list[str] = []

        def tell(what: str) -> None:
            steps.append(what)
            self.stderr.write(f"{'would ' if options['dry_run'] else ''}{what}")

        try:
            address = set_up(
                options["admin_url"],
                role=options["role"],
                database=options["database"],
                new_password=options["new_password"],
                dry_run=options["dry_run"],
                tell=tell,
            )
        except SetupProblem as problem:
            raise CommandError(str(problem)) from None
        if not steps:
            self.stderr.write("Everything is there already.")
        self.stderr.write("Write this line into .env, then run `manage.py migrate`:")
        self.stdout.write(f"DATABASE_URL={address}")
