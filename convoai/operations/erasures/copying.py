"""The copy of the ledger outside the database, which survives its loss."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from convoai.operations.backup.manifest import ERASURES
from convoai.operations.backup.server import Server, configured_server
from convoai.operations.erasures.ledger import (
    Copy,
    in_words,
    merged,
    read_copy,
    read_database,
    standing,
    without_old,
    write_copy,
)
from convoai.operations.erasures.replaying import count_standing
from convoai.refusals import Refusal

FORGET = "DELETE FROM public.erasures WHERE erased_at < now() - make_interval(days => %s)"
logger = logging.getLogger("convoai.operations")


def ledger_file() -> Path:
    """Where the copy of this installation is."""
    return Path(settings.DATA_DIR) / ERASURES


def copy_ledger(
    *, server: Server | None = None, file: Path | None = None, days: int | None = None
) -> Copy:
    """Forget what is older than ERASURE_DAYS, and add the database's ledger to the file.

    Returns what the file holds then. It never loses entries to a database that knows fewer: that
    one may be older. Raises Refusal when the database or the file cannot be read or written.
    """
    server, file = server or configured_server(), file or ledger_file()
    days = settings.ERASURE_DAYS if days is None else days
    before = read_copy(file)
    reaches = datetime.now(UTC)
    with server.connect() as found:
        there = read_database(found)
        if there:
            with found.cursor() as cursor:
                cursor.execute(FORGET, [days])
        held = standing(before.ledger) if before else {}
        unknown = {key: moments for key, moments in held.items() if key not in (there or {})}
        if unknown:
            _warn(in_words(count_standing(found, unknown)))
    whole = merged(before.ledger if before else {}, there or {})
    copy = Copy(reaches, without_old(whole, days=days))
    try:
        write_copy(file, copy)
    except OSError as error:
        raise Refusal(
            "unwritable",
            f"The ledger of deletions cannot be written to {file} ({error.strerror or error}).",
        ) from error
    return copy


def _warn(what: str) -> None:
    if what:
        logger.warning(
            "The database holds what was deleted before (%s), as after a restore by other means: "
            "look at `manage.py replay_erasures --dry-run`.",
            what,
        )
