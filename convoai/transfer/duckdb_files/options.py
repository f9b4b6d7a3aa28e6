"""Options of the commands that read a file of the older backend."""

from __future__ import annotations

from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import CommandError, CommandParser

from convoai.transfer.owners import owner_of

BATCH, LARGEST_BATCH = 2_000, 100_000


def add_reading_arguments(parser: CommandParser) -> None:
    parser.add_argument("file", type=Path, help="the DuckDB file; it is only read")
    parser.add_argument("--owner", metavar="EMAIL", help="everything is this user's")
    parser.add_argument(
        "--naive-tz",
        default="UTC",
        metavar="ZONE",
        help="time zone of times without one, such as Europe/Berlin (default: UTC)",
    )
    parser.add_argument(
        "--batch",
        type=int,
        default=BATCH,
        metavar="N",
        help=f"rows held in memory at a time (default: {BATCH})",
    )


def chosen(options: dict[str, Any]) -> dict[str, Any]:
    """The options as arguments: owner, zone and batch. Raises CommandError with the fix."""
    if not 1 <= options["batch"] <= LARGEST_BATCH:
        raise CommandError(f"--batch must be from 1 to {LARGEST_BATCH:,}.")
    return {
        "owner": None if options["owner"] is None else owner_of(options["owner"]),
        "zone": _zone(options["naive_tz"]),
        "batch": options["batch"],
    }


def _zone(name: str) -> tzinfo:
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CommandError(
            f"There is no time zone {name}: give one like UTC or Europe/Berlin."
        ) from None
