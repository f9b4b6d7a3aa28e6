"""A restored database beside the manifest of its backup."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from convoai.operations.backup.digests import SESSION, digest_tables
from convoai.operations.backup.manifest import Manifest


def compare_tables(
    found: Any, manifest: Manifest, *, step: Callable[[str], None] = lambda what: None
) -> Iterator[str]:
    """One sentence for each table whose rows are not those of the backup."""
    with found.cursor() as cursor:
        cursor.execute(SESSION)
    wanted = dict(manifest["tables"])
    for name, there in digest_tables(found):
        step(f"digest of {name}")
        backed_up = wanted.pop(name, None)
        if backed_up is None:
            yield f"The table {name} was not there when the backup was made"
        elif there["rows"] != backed_up["rows"]:
            yield f"The table {name} has {there['rows']:,} rows, not {backed_up['rows']:,}"
        elif there["digest"] != backed_up["digest"]:
            yield f"The rows of the table {name} are not those that were backed up"
    for name in wanted:
        yield f"The table {name} is missing"
