"""manage.py import_duckdb: bring a database file of the older backend over."""

from __future__ import annotations

from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError, CommandParser

from convoai.accounts.models import User
from convoai.refusals import Refusal
from convoai.transfer.duckdb_files.importing import BATCH, import_file


class Command(BaseCommand):
    help = (
        "Bring a DuckDB file of the older backend over, all of it or nothing. The file is only "
        "read. Running it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the DuckDB file")
        parser.add_argument("--dry-run", action="store_true", help="say the same, store nothing")
        add_reading_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = import_file(
                options["file"],
                owner=chosen_owner(options["owner"]),
                zone=chosen_zone(options["naive_tz"]),
                batch=chosen_batch(options["batch"]),
                dry_run=options["dry_run"],
            )
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        for one in result.tables:
            self.stdout.write(f"{one} {one.comparison.file} {one.comparison.database}")


def add_reading_arguments(parser: CommandParser) -> None:
    """The options that say how a file is read."""
    parser.add_argument("--owner", metavar="EMAIL", help="everything becomes this user's")
    parser.add_argument(
        "--naive-tz",
        default="UTC",
        metavar="ZONE",
        help="time zone of times without one, such as Europe/Berlin (default: UTC)",
    )
    parser.add_argument(
        "--batch", type=int, default=BATCH, metavar="N", help="rows held in memory at a time"
    )


def chosen_owner(email: str | None) -> User | None:
    if email is None:
        return None
    user = User.objects.with_email(email).first()
    if user is None:
        raise CommandError(f"There is no user {email}: make one with manage.py create_user.")
    return user


def chosen_zone(name: str) -> tzinfo:
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CommandError(
            f"There is no time zone {name}: give one like UTC or Europe/Berlin."
        ) from None


def chosen_batch(number: int) -> int:
    if number < 1:
        raise CommandError("--batch must be 1 or more.")
    return number
