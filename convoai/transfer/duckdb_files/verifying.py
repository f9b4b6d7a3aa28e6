"""A file beside the database: what differs, in either direction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from django.db import transaction

from convoai.accounts.models import User
from convoai.transfer.duckdb_files.comparing import derived_differs, references_agree
from convoai.transfer.duckdb_files.importing import SESSION, run_stages
from convoai.transfer.duckdb_files.source import open_file
from convoai.transfer.duckdb_files.statements import rows, run
from convoai.transfer.duckdb_files.tables import TABLES, Table

# The tables whose rows the file's users own.
OWNED = {
    "conversation_partners": "",
    "conversations": "",
    "messages": "",
    "conversation_topics": "",
    "extracted_facts": "AND t.subject = 'partner'",
}


@dataclass
class Differences:
    """Of one table. Numbers of the file, but `only_here`: numbers of the database."""

    table: str
    only_in_file: list[int] = field(default_factory=list)
    only_here: list[int] = field(default_factory=list)
    # Columns that differ: the rows they differ in.
    changed: dict[str, list[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.only_in_file or self.only_here or self.changed)


def verify_file(path: Path, *, owner: User | None, zone: tzinfo, batch: int) -> list[Differences]:
    """Compare the file, as it would be imported, with what is stored; changes nothing.

    Raises Refusal when the file cannot be read.
    """
    with open_file(path) as file:
        file.require_tables()
        with transaction.atomic():
            run(SESSION)
            run_stages(file, owner=owner, zone=zone, batch=batch, write=False)
            found = [_differences(table) for table in TABLES]
            transaction.set_rollback(True)
            return found


def _differences(table: Table) -> Differences:
    number = "s.old_id" if table.has_number else "s.conversation_id"
    found = Differences(table.name)
    found.only_in_file = [
        row or 0
        for (row,) in rows(f"SELECT {number} FROM {table.stage} AS s WHERE fate IS NULL ORDER BY 1")
    ]
    for name, condition in _conditions(table).items():
        differing = rows(
            f"SELECT coalesce({number}, 0) FROM {table.stage} AS s "
            f"JOIN {table.name} AS t ON t.id = s.new_id WHERE s.fate = 'known' AND {condition} "
            "ORDER BY 1"
        )
        if differing:
            found.changed[name] = [row for (row,) in differing]
    if table.name in OWNED:
        found.only_here = [
            row
            for (row,) in rows(
                f"SELECT t.id FROM {table.name} AS t WHERE t.user_id IN "
                "(SELECT new_id FROM stage_users) AND NOT EXISTS (SELECT FROM "
                f"{table.stage} AS s WHERE s.new_id = t.id) {OWNED[table.name]} ORDER BY 1"
            )
        ]
    return found


def _conditions(table: Table) -> dict[str, str]:
    """For each column, SQL that says whether the staged row `s` and the stored `t` differ."""
    found = {one.name: f't."{one.name}" IS DISTINCT FROM s."{one.name}"' for one in table.contents}
    for one in table.contents:
        if one.kind == "number":
            found[one.name] = f"t.{one.name}::real IS DISTINCT FROM s.{one.name}::real"
        if one.name == "hashed_password":
            found[one.name] += " AND NOT (starts_with(t.hashed_password, '!') AND "
            found[one.name] += "starts_with(s.hashed_password, '!'))"
    for name in table.derived:
        found[name] = derived_differs(name)
    if table.references:
        found["what it belongs to"] = f"NOT ({references_agree(table)})"
    return found
