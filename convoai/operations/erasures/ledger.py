"""What was deleted and when, by number: read from a database, and kept in a file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from convoai.operations.backup.files import write_private
from convoai.refusals import Refusal

FORMAT = 1
# In the order in which rows are deleted again. With the column of the moment each was made, and
# what people call one and several.
TABLES = {
    "users": ("created_at", "account", "accounts"),
    "conversation_partners": ("created_at", "person", "people"),
    "conversations": ("created_at", "talk", "talks"),
    "messages": ("created_at", "message", "messages"),
    "extracted_facts": ("created_at", "fact", "facts"),
    "topics": ("created_at", "topic", "topics"),
    "api_keys": ("created", "API key", "API keys"),
}
# Moments of one length, so that later ones sort behind earlier ones; whatever the session's zone.
READ = """
SELECT table_name, row_id,
       to_char(made_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00',
       to_char(erased_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00',
       to_char(undone_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'
FROM public.erasures WHERE isfinite(made_at)
"""


class Key(NamedTuple):
    """A row, known by its number and the moment it was made: a number that is used anew is none."""

    table: str
    row_id: int
    made_at: str


class Moments(NamedTuple):
    """When it was deleted, and when an operator took that back; empty for never."""

    erased_at: str
    undone_at: str

    @property
    def holds(self) -> bool:
        return self.undone_at < self.erased_at


Ledger = dict[Key, Moments]


@dataclass(frozen=True)
class Copy:
    """A ledger as it was at the moment `reaches`: of later deletions it knows nothing."""

    reaches: datetime
    ledger: Ledger


def read_database(found: Any) -> Ledger | None:
    """The ledger of a database; None when it has none. The connection may be in a transaction."""
    with found.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.erasures') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(READ)
        return {
            Key(table, row_id, made): Moments(erased, undone or "")
            for table, row_id, made, erased, undone in cursor
        }


def merged(*ledgers: Mapping[Key, Moments]) -> Ledger:
    """All entries of all; of the same row the latest moments."""
    whole: Ledger = {}
    for ledger in ledgers:
        for key, moments in ledger.items():
            known = whole.get(key, moments)
            whole[key] = Moments(*map(max, known, moments))
    return whole


def standing(ledger: Mapping[Key, Moments]) -> Ledger:
    """The deletions that were not taken back."""
    return {key: moments for key, moments in ledger.items() if moments.holds}


def without_old(ledger: Mapping[Key, Moments], *, days: int) -> Ledger:
    """The entries of the last `days` days."""
    first = moment_text(datetime.now(UTC) - timedelta(days=days))
    return {key: moments for key, moments in ledger.items() if max(moments) >= first}


def moment_text(moment: datetime) -> str:
    """A moment as it stands in a ledger."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00"


def in_words(counts: Mapping[str, int]) -> str:
    """Counts by table for a person, such as `2 people, 14 talks`."""
    return ", ".join(
        f"{counts[table]:,} {one if counts[table] == 1 else several}"
        for table, (_, one, several) in TABLES.items()
        if counts.get(table)
    )


def counted(ledger: Mapping[Key, Moments]) -> Counter[str]:
    return Counter(key.table for key in ledger)


def write_copy(path: Path, copy: Copy) -> None:
    """Write the file, whole or not at all; only its owner can read it. Raises OSError."""
    contents = {
        "format": FORMAT,
        "reaches": copy.reaches.astimezone(UTC).isoformat(),
        "erasures": [[*key, *moments] for key, moments in sorted(copy.ledger.items())],
    }
    write_private(path, json.dumps(contents, separators=(",", ":")) + "\n")


def read_copy(path: Path) -> Copy | None:
    """The ledger in a file; None when there is no file. Raises Refusal when it is damaged."""
    try:
        contents = json.loads(path.read_text())
        if contents["format"] != FORMAT:
            raise Refusal("other_format", f"{path} was written by another version of convoai.")
        reaches = datetime.fromisoformat(contents["reaches"])
        ledger = {
            Key(str(table), int(row_id), str(made)): Moments(str(erased), str(undone))
            for table, row_id, made, erased, undone in contents["erasures"]
        }
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refusal("unreadable", f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError, KeyError):
        raise Refusal(
            "damaged",
            f"{path} is damaged: move it away; the ledger in the newest backup stands in for it.",
        ) from None
    if reaches.tzinfo is None:
        reaches = reaches.replace(tzinfo=UTC)
    return Copy(reaches, ledger)
