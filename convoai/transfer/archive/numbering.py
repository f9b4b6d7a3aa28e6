"""Decides what of an archive an account holds already, and which ids the rest gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from conversations.models import Conversation, ExtractedFact, Topic
from convoai.accounts.models import User
from convoai.database.fields import casefold_key
from convoai.transfer.archive.ids import Ids, fresh_ids
from convoai.transfer.archive.opening import OpenArchive, broken_row
from convoai.transfer.archive.rows import Row, checked_rows
from partners.models import ConversationPartner


class Numbering:
    """For each table the ids of the archive and those here; `there` holds old ids of known rows.

    A partner is known by name and time of making; a talk by its external id, or by partner,
    start and time of making; with a talk all that hangs on it. A fact without a talk is known by
    partner, subject, key and time of making.
    """

    def __init__(self, archive: OpenArchive, owner: User) -> None:
        self.archive = archive
        self.owner = owner
        self.ids: dict[str, Ids] = {}
        self.there: dict[str, set[int]] = {"partners": set(), "conversations": set()}
        self.known: Counter[str] = Counter()
        self.new_topics: list[Row] = []
        self._partners()
        self._topics()
        self._conversations()
        self._messages()
        self._facts()

    def is_there(self, name: str, row: Row) -> bool:
        """Whether the account holds the row of this table already."""
        if name in ("messages", "conversation_topics"):
            return row["conversation_id"] in self.there["conversations"]
        return row["id"] in self.there[name]

    def _partners(self) -> None:
        own = ConversationPartner.objects.owned_by(self.owner)
        known = {(name, at): pk for pk, name, at in own.values_list("pk", "name", "created_at")}
        self._number(
            "partners",
            "conversation_partners",
            lambda row: known.get((row["name"], moment(row["created_at"]))),
        )

    def _topics(self) -> None:
        rows = list(checked_rows(self.archive, "topics"))
        keys = {casefold_key(row["name"]) for _, row in rows}
        found = dict(Topic.objects.filter(name_key__in=keys).values_list("name_key", "pk"))
        ids = self.ids["topics"] = Ids()
        numbers = fresh_ids("topics")
        for line, row in rows:
            key = casefold_key(row["name"])
            if key in found:
                self.known["topics"] += 1
            else:
                found[key] = next(numbers)
                self.new_topics.append({**row, "id": found[key], "name_key": key})
            self._add(ids, "topics", line, row, found[key])

    def _conversations(self) -> None:
        own = Conversation.objects.owned_by(self.owner)
        columns = ("pk", "partner_id", "started_at", "created_at", "external_id")
        known: dict[Any, int] = {}
        for pk, partner, started, created, external in own.values_list(*columns).iterator():
            known[partner, started, created] = pk
            if external is not None:
                known[external] = pk

        def here(row: Row) -> int | None:
            partner = self.ids["partners"].get(row["partner_id"])
            same = known.get((partner, moment(row["started_at"]), moment(row["created_at"])))
            return same or known.get(row["external_id"])

        self._number("conversations", "conversations", here)

    def _messages(self) -> None:
        ids = self.ids["messages"] = Ids()
        numbers = fresh_ids("messages")
        for line, row in checked_rows(self.archive, "messages"):
            if self.is_there("messages", row):
                self.known["messages"] += 1
            else:
                self._add(ids, "messages", line, row, next(numbers))

    def _facts(self) -> None:
        columns = ("pk", "partner_id", "subject", "fact_key", "created_at")
        own = ExtractedFact.objects.owned_by(self.owner).filter(conversation=None)
        known = {tuple(rest): pk for pk, *rest in own.values_list(*columns).iterator()}

        def here(row: Row) -> int | None:
            if row["conversation_id"] is not None:
                # A talk that is here keeps its own facts, or none, as it is.
                return 0 if row["conversation_id"] in self.there["conversations"] else None
            partner = self.ids["partners"].get(row["partner_id"])
            made = moment(row["created_at"])
            return known.get((partner, row["subject"], row["fact_key"], made))

        self.there["facts"] = set()
        self._number("facts", "extracted_facts", here)

    def _number(self, name: str, table: str, here: Any) -> None:
        """Give each row the id of its double here, or a fresh one. `here` says 0 for a double
        whose id nothing needs.
        """
        ids = self.ids[name] = Ids()
        numbers = fresh_ids(table)
        for line, row in checked_rows(self.archive, name):
            known = here(row)
            if known is None:
                self._add(ids, name, line, row, next(numbers))
                continue
            self.there[name].add(row["id"])
            self.known[name] += 1
            if known:
                self._add(ids, name, line, row, known)

    def _add(self, ids: Ids, name: str, line: int, row: Row, number: int) -> None:
        try:
            ids.add(row["id"], number)
        except ValueError as error:
            raise broken_row(f"data/{name}.jsonl", line, str(error)) from None


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def new_partners(numbering: Numbering) -> Iterator[tuple[int, int]]:
    """(old id, new id) of the partners that the account did not hold."""
    for old, new in numbering.ids["partners"]:
        if old not in numbering.there["partners"]:
            yield old, new
