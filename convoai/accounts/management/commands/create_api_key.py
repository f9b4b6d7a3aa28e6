"""manage.py create_api_key: a key for a script."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from convoai.accounts.models import User
from convoai.accounts.services import create_api_key

LONGEST_DAYS = 3650


class Command(BaseCommand):
    help = "Create an API key for a user and print it, and nothing else, on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--name", default="Command line", help="what to call the key")
        parser.add_argument("--days", type=int, help="default: valid until it is revoked")

    def handle(self, *args: Any, **options: Any) -> None:
        email, name, days = options["email"], options["name"], options["days"]
        if days is not None and not 1 <= days <= LONGEST_DAYS:
            raise CommandError(f"--days must be between 1 and {LONGEST_DAYS}.")
        if len(name) > 100 or "\x00" in name or not name.isprintable():
            raise CommandError("--name must be printable and have at most 100 characters.")
        try:
            user = User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            raise CommandError(
                f"There is no user {email}; create one with `manage.py create_user {email}`."
            ) from None
        _, token = create_api_key(
            user=user, name=name, lifetime=None if days is None else timedelta(days=days)
        )
        self.stdout.write(token)
