"""Which rows of the file are here already, and which numbers the others get.

Works on the stages, by sets. Without `write` nothing outside of them changes, the sequences
neither: rows that cannot keep their number get negative ones, which no stored row has.
"""

from __future__ import annotations

from collections.abc import Sequence

from convoai.accounts.services import free_username
from convoai.transfer.duckdb_files.findings import Findings
from convoai.transfer.duckdb_files.statements import rows, run
from convoai.transfer.duckdb_files.tables import Table

KNOWN = "known"
# Numbers from here on would use up the sequence.
GREATEST_ID = 10**15
# What tells two rows of one parent apart, besides created_at; tried one after the other.
# A row that was edited here still has its parent and its created_at.
SAME = {
    "conversation_partners": (("name",), ()),
    "conversations": (("started_at",), ()),
    "messages": (("timestamp", "sender", "content"), ()),
    "extracted_facts": (("fact_key", "fact_value"), ("fact_key",)),
}
PARENT = {
    "conversation_partners": "user_id",
    "conversations": "partner_id",
    "messages": "conversation_id",
    "extracted_facts": "partner_id",
}


class Matcher:
    """Matches one table after the other, parents first."""

    def __init__(self, findings: Findings, *, write: bool) -> None:
        self._findings = findings
        self._write = write

    def single_numbers(self, table: Table) -> None:
        """Take the number from rows that have another row's, so that it means one row only."""
        self._noted(
            table,
            "the number stands twice, a new one given",
            f"UPDATE {table.stage} AS s SET old_id = NULL FROM (SELECT seq, old_id, row_number() "
            f"OVER (PARTITION BY old_id ORDER BY seq) AS nth FROM {table.stage}) AS same "
            "WHERE same.seq = s.seq AND same.nth > 1 AND same.old_id IS NOT NULL "
            "RETURNING same.old_id",
        )

    def users(self, owner: int | None) -> None:
        """Find the users by e-mail address; with `owner`, everything belongs to that user."""
        if owner is not None:
            run("UPDATE stage_users SET new_id = %s, fate = %s", owner, "its rows go to --owner")
            return
        run("UPDATE stage_users SET email_key = lower(email)")
        run(
            "UPDATE stage_users AS s SET new_id = u.id, fate = %s FROM users AS u "
            "WHERE lower(u.email) = s.email_key",
            KNOWN,
        )
        run(
            "WITH first AS (SELECT email_key, min(seq) AS seq FROM stage_users GROUP BY 1)"
            "UPDATE stage_users AS s SET fate = %s FROM first "
            "WHERE first.email_key = s.email_key AND s.seq <> first.seq",
            "its e-mail address is another user's: merged with that one",
        )
        self._usernames()

    def topics(self) -> None:
        """Find topics by their caseless name, here and among themselves."""
        run(
            "WITH first AS (SELECT name_key, min(seq) AS seq FROM stage_topics GROUP BY 1)"
            "UPDATE stage_topics AS s SET fate = %s FROM first "
            "WHERE first.name_key = s.name_key AND s.seq <> first.seq",
            "merged with the topic of the same name",
        )
        run(
            "UPDATE stage_topics AS s SET new_id = t.id, fate = coalesce(s.fate, %s) "
            "FROM topics AS t WHERE t.name_key = s.name_key",
            KNOWN,
        )

    def merge(self, table: Table, key: str) -> None:
        """Give merged rows the numbers of those with the same `key` that they went into."""
        run(
            f"UPDATE {table.stage} AS s SET new_id = first.new_id FROM {table.stage} AS first "
            f"WHERE s.new_id IS NULL AND first.{key} = s.{key} AND first.new_id IS NOT NULL"
        )

    def links(self) -> None:
        """Keep one link of each pair, the strongest, unless the pair is linked here already."""
        run(
            "WITH ranked AS (SELECT seq, row_number() OVER (PARTITION BY new_conversation_id, "
            "new_topic_id ORDER BY relevance_score DESC, seq) AS place "
            "FROM stage_conversation_topics WHERE fate IS NULL) "
            "UPDATE stage_conversation_topics AS s SET fate = %s FROM ranked "
            "WHERE ranked.seq = s.seq AND ranked.place > 1",
            "merged with the link to the same topic",
        )
        run(
            "UPDATE stage_conversation_topics AS s SET new_id = t.id, fate = %s "
            "FROM conversation_topics AS t WHERE t.conversation_id = s.new_conversation_id "
            "AND t.topic_id = s.new_topic_id AND s.fate IS NULL",
            KNOWN,
        )

    def known(self, table: Table) -> None:
        """Find rows that are here: by number and time, else by content under the same parent."""
        parent = PARENT[table.name]
        run(
            f"UPDATE {table.stage} AS s SET new_id = t.id, fate = %s FROM {table.name} AS t "
            f"WHERE t.id = s.old_id AND t.{parent} = s.new_{parent} "
            "AND t.created_at = s.created_at AND s.fate IS NULL",
            KNOWN,
        )
        parents = f"stage_{table.references[parent]}"
        for columns in SAME[table.name]:
            # A parent that is new here has no rows yet.
            if not rows(
                f"SELECT 1 FROM {table.stage} WHERE fate IS NULL AND new_{parent} IN "
                f"(SELECT new_id FROM {parents} WHERE fate IS NOT NULL) LIMIT 1"
            ):
                return
            run(f"ANALYZE {table.stage}")
            self._match_by(
                (f"new_{parent}", "created_at", *columns), (parent, "created_at", *columns), table
            )

    def _match_by(self, staged: Sequence[str], stored: Sequence[str], table: Table) -> None:
        """Pair the rows that agree in these columns, first with first, second with second."""

        def keys(columns: Sequence[str]) -> str:
            # Long text by its hash, so that sorting does not drag it along.
            return ", ".join(
                f"md5({name}) AS k{i}" if name in {"content", "fact_value"} else f"{name} AS k{i}"
                for i, name in enumerate(columns)
            )

        parent_stage = f"stage_{table.references[stored[0]]}"
        names = [f"k{i}" for i in range(len(staged))]
        window = f"row_number() OVER (PARTITION BY {', '.join(names)} ORDER BY place, id) AS nth"
        ours = ", ".join(names)
        place = "position" if table.name == "messages" else "0"
        staged_place = "coalesce(place, 0)" if table.name == "messages" else "0"
        run(
            f"WITH s AS (SELECT id, {ours}, {window} FROM "
            f"(SELECT seq AS id, {staged_place} AS place, {keys(staged)} "
            f"FROM {table.stage} WHERE fate IS NULL AND {staged[0]} IN "
            f"(SELECT new_id FROM {parent_stage} WHERE fate IS NOT NULL)) AS rows), "
            f"t AS (SELECT id, {ours}, {window} FROM (SELECT id, {place} AS place, {keys(stored)} "
            f"FROM {table.name} AS stored WHERE {stored[0]} IN (SELECT new_id FROM {parent_stage} "
            f"WHERE fate IS NOT NULL) AND NOT EXISTS (SELECT FROM {table.stage} AS taken "
            "WHERE taken.new_id = stored.id AND taken.fate = 'known')) AS rows) "
            f"UPDATE {table.stage} AS target SET new_id = t.id, fate = %s FROM s JOIN t "
            f"USING ({ours}, nth) WHERE target.seq = s.id",
            KNOWN,
        )

    def number(self, table: Table) -> None:
        """Give the rows to store their numbers: the old one where it is free."""
        if table.has_number:
            run(
                f"UPDATE {table.stage} AS s SET new_id = old_id WHERE fate IS NULL "
                "AND old_id BETWEEN 1 AND %s AND NOT EXISTS "
                f"(SELECT FROM {table.name} AS t WHERE t.id = s.old_id)",
                GREATEST_ID,
            )
        if not self._write:
            run(f"UPDATE {table.stage} SET new_id = -seq WHERE fate IS NULL AND new_id IS NULL")
            return
        sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
        run(
            f"SELECT setval({sequence}, highest) FROM (SELECT max(new_id) AS highest "
            f"FROM {table.stage} WHERE fate IS NULL) AS new "
            f"WHERE highest > coalesce(pg_sequence_last_value({sequence}::regclass), 0)"
        )
        run(
            f"WITH numbered AS (SELECT seq, nextval({sequence}) AS new_id FROM (SELECT seq "
            f"FROM {table.stage} WHERE fate IS NULL AND new_id IS NULL ORDER BY old_id, seq) AS o) "
            f"UPDATE {table.stage} AS s SET new_id = numbered.new_id FROM numbered "
            "WHERE numbered.seq = s.seq"
        )

    def _usernames(self) -> None:
        # Those that got a number before keep it.
        run(
            "UPDATE stage_users AS s SET username = u.username FROM users AS u "
            "WHERE u.id = s.new_id AND s.fate = 'known' AND starts_with(u.username, s.username) "
            "AND substr(u.username, length(s.username) + 1) ~ '^[-0-9]+$'"
        )
        taken = rows(
            "SELECT seq, old_id, username, email FROM (SELECT *, row_number() OVER "
            "(PARTITION BY username ORDER BY seq) AS nth FROM stage_users WHERE fate IS NULL) AS s "
            "WHERE nth > 1 OR EXISTS (SELECT FROM users WHERE users.username = s.username) "
            "ORDER BY seq"
        )
        given: set[str] = set()
        for seq, old_id, username, _ in taken:
            number, name = 1, free_username(username)
            while name in given or rows(
                "SELECT 1 FROM stage_users WHERE username = %s LIMIT 1", name
            ):
                number += 1
                name = free_username(f"{username[:140]}-{number}")
            given.add(name)
            run("UPDATE stage_users SET username = %s WHERE seq = %s", name, seq)
            self._findings.repair("users", "username is taken, a number added", old_id)

    def _noted(self, table: Table, what: str, query: str) -> None:
        for (row,) in rows(query):
            self._findings.repair(table.name, what, row)
