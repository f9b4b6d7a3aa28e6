"""Takes an archive in: into an empty account or a living one, all of it or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DataError, IntegrityError, connection, models

from conversations.models import ExtractedFact
from convoai.accounts.models import User
from convoai.database.transactions import write
from convoai.refusals import Refusal
from convoai.transfer.archive.columns import from_json
from convoai.transfer.archive.numbering import Numbering, new_partners
from convoai.transfer.archive.opening import OpenArchive, broken_row
from convoai.transfer.archive.pictures import PicturesIn
from convoai.transfer.archive.rows import BY_NAME, Row, checked_rows, complete_rows
from convoai.transfer.copying import copy_rows

Progress = Callable[[int], object]
# The first half of the advisory lock that lets one archive in for a user at a time.
LOCK = 0x61726368
# Table -> its columns that point at rows -> the table pointed at.
POINTERS: dict[str, dict[str, str]] = {
    "partners": {},
    "conversations": {"partner_id": "partners"},
    "messages": {"conversation_id": "conversations"},
    "conversation_topics": {"conversation_id": "conversations", "topic_id": "topics"},
    "facts": {
        "partner_id": "partners",
        "conversation_id": "conversations",
        "source_message_id": "messages",
        "superseded_by_id": "facts",
    },
}
MESSAGE_ID = "message_id"


@dataclass(frozen=True)
class Loaded:
    """What came of it, by table: rows added, and rows that the account held already.

    `closed` counts facts that were taken in as past ones, because the account knows a current
    value of the same single-valued key.
    """

    added: Counter[str]
    there: Counter[str]
    closed: int


def load_archive(
    *, archive: OpenArchive, owner: User, progress: Progress = lambda rows: None
) -> Loaded:
    """Add what the archive holds to the owner's account; what is there already stays as it is.

    The same archive twice changes nothing. Raises Refusal `broken_archive` when a row cannot be,
    and `already_running` while another archive is being taken in for the owner.
    """
    pictures = PicturesIn(archive, owner)
    try:
        return _load(archive=archive, owner=owner, progress=progress, pictures=pictures)
    except BaseException:
        pictures.remove()
        raise


@write
def _load(*, archive: OpenArchive, owner: User, progress: Progress, pictures: PicturesIn) -> Loaded:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, owner.pk % 2**31])
        if not cursor.fetchone()[0]:
            raise Refusal("already_running", "Another archive is being taken in for this user.")
    numbering = Numbering(archive, owner)
    copying = _Copying(archive, owner, numbering, progress)
    added: Counter[str] = Counter()
    for name in POINTERS:
        if name == "conversation_topics":
            added["topics"] = copying.topics()
        added[name] = copying.table(name)
    # Said now, so that a broken pointer is told of the archive and not of the COMMIT.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    added["pictures"] = pictures.take(dict(new_partners(numbering)))
    return Loaded(added, numbering.known, copying.closed)


class _Copying:
    """Copies the rows that are new, under their new ids."""

    def __init__(
        self, archive: OpenArchive, owner: User, numbering: Numbering, progress: Progress
    ) -> None:
        self.archive = archive
        self.owner = owner
        self.numbering = numbering
        self.progress = progress
        self.closed = 0
        self._line = 0
        # Single-valued keys of which the account knows a current value already.
        own = ExtractedFact.objects.owned_by(owner).filter(is_current=True, many_valued=False)
        self.current = set(own.values_list("partner_id", "subject", "fact_key"))

    def topics(self) -> int:
        """Topics belong to nobody; one that came up meanwhile is refused by the database."""
        rows = self.numbering.new_topics
        columns = ("id", "name", "name_key", "category", "created_at")
        return copy_rows("topics", columns, ([row[name] for name in columns] for row in rows))

    def table(self, name: str) -> int:
        """Copy the new rows of a table; returns how many."""
        table = BY_NAME[name]
        fields = table.fields()
        columns = [*(str(field.column) for field in fields), "user_id"]
        rows = ([*self._values(fields, row), self.owner.pk] for row in self._new_rows(name))
        try:
            return copy_rows(table.model._meta.db_table, columns, self._told(name, rows))
        except (DataError, IntegrityError):
            raise broken_row(
                table.path, self._line, "(or one shortly before) breaks a rule of its table"
            ) from None

    def _values(self, fields: list[models.Field[Any, Any]], row: Row) -> Iterator[Any]:
        for field in fields:
            try:
                yield from_json(field, row[field.attname])
            except ValueError as error:
                raise ValueError(f"{field.attname} {error}") from None

    def _told(self, name: str, rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
        try:
            for number, row in enumerate(rows, 1):
                yield row
                if number % 1_000 == 0:
                    self.progress(1_000)
        except ValueError as error:
            raise broken_row(BY_NAME[name].path, self._line, f"is wrong: {error}") from None

    def _new_rows(self, name: str) -> Iterator[Row]:
        """Rows that the account does not hold, with the ids that they get here."""
        ids = self.numbering.ids
        # What has ids was checked when it was numbered, and the file is the same.
        read = complete_rows if name in ids else checked_rows
        for line, row in read(self.archive, name):
            self._line = line
            if self.numbering.is_there(name, row):
                continue
            if name in ids:
                row["id"] = ids[name].get(row["id"])
            for column, target in POINTERS[name].items():
                if row[column] is not None:
                    row[column] = ids[target].get(row[column])
                    if row[column] is None:
                        problem = f"is wrong: {column} names a row that is not in the archive"
                        raise broken_row(BY_NAME[name].path, line, problem)
            if name == "conversations":
                row["action_items"] = [self._item(item) for item in row["action_items"]]
            if name == "facts" and self._is_overtaken(row):
                row["is_current"] = False
                self.closed += 1
            yield row

    def _is_overtaken(self, row: Row) -> bool:
        single = row["is_current"] and not row["many_valued"]
        return single and (row["partner_id"], row["subject"], row["fact_key"]) in self.current

    def _item(self, item: Any) -> Any:
        """A promise, with the id here of the message it rests on."""
        if not isinstance(item, dict) or not isinstance(item.get(MESSAGE_ID), int):
            return item
        return {**item, MESSAGE_ID: self.numbering.ids["messages"].get(item[MESSAGE_ID])}
