"""From the ids of an archive to those of the rows that were made of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator

from django.db import connection

BATCH = 1_000


class Ids:
    """Old ids and the new ones, in sixteen bytes a row, so that a million messages fit."""

    def __init__(self) -> None:
        self._old = array("q")
        self._new = array("q")

    def add(self, old: int, new: int) -> None:
        """Raises ValueError unless `old` is higher than every id before: archives are in order."""
        if self._old and old <= self._old[-1]:
            raise ValueError("comes after a row with a higher id, or has the id of another one")
        self._old.append(old)
        self._new.append(new)

    def get(self, old: int | None) -> int | None:
        """The new id; None for none and for a row that the archive does not hold."""
        if old is None:
            return None
        place = bisect_left(self._old, old)
        if place < len(self._old) and self._old[place] == old:
            return self._new[place]
        return None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """(old, new) of every row."""
        return zip(self._old, self._new, strict=True)


def fresh_ids(table: str) -> Iterator[int]:
    """Endless ids from the sequence of a table, fetched many at a time."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [table, BATCH],
            )
            numbers = [number for (number,) in cursor.fetchall()]
        yield from numbers
