"""References of the file's rows, turned from numbers there to numbers here."""

from __future__ import annotations

from convoai.transfer.duckdb_files.findings import Findings
from convoai.transfer.duckdb_files.statements import rows, run
from convoai.transfer.duckdb_files.tables import Table

# A child's owner is its parent's; this says which parent.
OWNER_FROM = {
    "conversations": "partner_id",
    "messages": "conversation_id",
    "conversation_topics": "conversation_id",
    "extracted_facts": "partner_id",
}
MAY_BE_NULL = {("extracted_facts", "conversation_id"), ("extracted_facts", "source_message_id")}


def create_map(table: Table) -> None:
    """The table `map_<name>`: old number, new one, owner, and the first old number of the same row.

    Merged rows share a new number; the first old one stands for all of them in checksums.
    """
    owner = {"users": "new_id", "topics": "NULL::bigint"}.get(table.name, "new_user_id")
    run(
        f"DROP TABLE IF EXISTS map_{table.name}; "
        f"CREATE TEMPORARY TABLE map_{table.name} ON COMMIT DROP AS "
        f"SELECT old_id, new_id, {owner} AS owner, "
        "min(old_id) OVER (PARTITION BY new_id) AS first_id "
        f"FROM {table.stage} WHERE old_id IS NOT NULL AND new_id IS NOT NULL; "
        f"CREATE UNIQUE INDEX ON map_{table.name} (old_id); ANALYZE map_{table.name}"
    )


class Resolver:
    def __init__(self, findings: Findings, owner: int | None) -> None:
        self._findings = findings
        self._owner = owner

    def resolve(self, table: Table) -> None:
        """Fill the new references and the owner; leave out rows whose parent is missing."""
        if table.name == "conversation_partners" and self._owner is not None:
            # One owner for all: which user of the file they had does not matter any more.
            run(
                f"UPDATE {table.stage} SET new_user_id = %s, "
                "user_id = (SELECT min(old_id) FROM stage_users)",
                self._owner,
            )
            return
        foremost = OWNER_FROM.get(table.name, "user_id")
        # The one that the owner comes from first.
        for name in sorted(table.references, key=lambda name: name != foremost):
            if name == "user_id" and foremost != "user_id":
                self._note_moved(table)
            else:
                self._resolve(table, name, gives_owner=name == foremost)

    def _resolve(self, table: Table, name: str, *, gives_owner: bool) -> None:
        target = table.references[name]
        owner = ", new_user_id = map.owner" if gives_owner and name != "user_id" else ""
        same = "" if gives_owner or target == "topics" else " AND map.owner = s.new_user_id"
        run(
            f"UPDATE {table.stage} AS s SET new_{name} = map.new_id, {name} = map.first_id{owner} "
            f"FROM map_{target} AS map WHERE map.old_id = s.{name}{same}"
        )
        what = name.removesuffix("_id").replace("_", " ")
        if (table.name, name) in MAY_BE_NULL:
            for (row,) in rows(
                f"UPDATE {table.stage} SET {name} = NULL "
                f"WHERE {name} IS NOT NULL AND new_{name} IS NULL AND fate IS NULL RETURNING old_id"
            ):
                self._findings.repair(table.name, f"its {what} is missing, left empty", row)
            return
        run(
            f"UPDATE {table.stage} SET fate = %s WHERE new_{name} IS NULL AND fate IS NULL",
            f"its {what} is missing",
        )

    def _note_moved(self, table: Table) -> None:
        """A talk belongs to the owner of its partner."""
        for (row,) in rows(
            f"SELECT s.old_id FROM {table.stage} AS s "
            "LEFT JOIN map_users AS map ON map.old_id = s.user_id "
            "WHERE s.fate IS NULL AND map.new_id IS DISTINCT FROM s.new_user_id"
        ):
            self._findings.repair(table.name, "its partner is another user's: given to them", row)
        run(
            f"UPDATE {table.stage} AS s SET user_id = map.first_id, new_user_id = map.owner "
            "FROM map_users AS map WHERE map.new_id = s.new_user_id AND map.old_id = map.first_id"
        )
